"""What people write on the pages of a post-mortem: a section, the class of the cause, reasons."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.fields import VersionField
from postmortems.markup import MAX_BYTES
from postmortems.sections import CATEGORIES, Section
from postmortems.services.refusals import StaleSection
from postmortems.services.review import MAX_REASON

CONFLICT, UNPROCESSABLE = 409, 422
ANSWERS = (("", "Not answered yet"), ("yes", "Yes, a runbook was changed"), ("no", "No, none had to be"))


class SectionForm(forms.Form):
    """The text of one section, and the version it was written over."""

    text = forms.CharField(
        required=False,
        strip=False,
        label="Text",
        widget=forms.Textarea(attrs={"rows": 18, "class": "mono doc", "maxlength": MAX_BYTES}),
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput())

    stale: StaleSection | None = None

    def __init__(self, *args: Any, section: Section, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = section.title
        self.fields["text"].help_text = f"{section.ask} Markdown, at most 64 kB."

    def inserts(self, fact: str) -> None:
        """Put a citation at the end of what was typed: without script, nobody knows where the caret stood."""
        self._retype("text", f"{self.data.get('text', '').rstrip()} [{fact}]".lstrip())

    def conflict(self, error: StaleSection) -> None:
        """Keep what was typed, say who saved meanwhile, and aim at the version now in force."""
        self.stale = error
        self._retype("version", str(error.latest.version))
        self.add_error(None, str(error))

    @property
    def status(self) -> int:
        """The HTTP status of the page with this form."""
        return CONFLICT if self.stale else UNPROCESSABLE if self.is_bound and self.errors else 200

    def _retype(self, field: str, value: str) -> None:
        data = self.data.copy()  # type: ignore[attr-defined]
        data[field] = value
        self.data = data


class ClassifyForm(forms.Form):
    """What kind of cause it was, and whether a runbook was changed."""

    root_cause_category = forms.ChoiceField(
        required=False, label="Kind of root cause", choices=[("", "Not chosen yet"), *CATEGORIES.items()]
    )
    runbook_changed = forms.ChoiceField(required=False, label="Was a runbook changed because of it", choices=ANSWERS)
    version = VersionField()

    def changes(self) -> dict[str, Any]:
        """The cleaned fields as the service takes them."""
        answer = self.cleaned_data["runbook_changed"]
        return {
            "root_cause_category": self.cleaned_data["root_cause_category"],
            "runbook_changed": None if answer == "" else answer == "yes",
        }


class ReasonForm(forms.Form):
    """One reason, for a move that needs one."""

    reason = forms.CharField(
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why in a few words. An auditor will ask."},
    )
    version = VersionField(required=False)


class PublishForm(forms.Form):
    """What the approver read, and why nobody else could approve if they wrote part of it."""

    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput())
    exception = forms.CharField(
        required=False,
        max_length=MAX_REASON,
        label="Why nobody else can approve",
        help_text="You wrote part of it. The missing second person is recorded and counted.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
