"""What people write about action items."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DayInput, VersionField
from accounts.history import changes_of
from ledger.tracked import Tracked
from postmortems.history import labels
from postmortems.sections import KINDS
from postmortems.services.actions import MAX_EVIDENCE, MAX_TEXT


def _text() -> forms.CharField:
    return forms.CharField(
        max_length=MAX_TEXT,
        label="What will be different",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what will be different."},
    )


def _day() -> forms.DateField:
    return forms.DateField(
        label="Due",
        widget=DayInput(),
        error_messages={"required": "Choose a day.", "invalid": "Write a day such as 2026-11-22."},
    )


class PromiseForm(forms.Form):
    """A new action item."""

    text = _text()
    kind = forms.ChoiceField(label="It will help to", choices=list(KINDS.items()), initial="prevent")
    owner = forms.ChoiceField(label="Who sees to it", error_messages={"required": "Choose somebody."})
    due_on = _day()

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", "Choose somebody"), *people]  # type: ignore[attr-defined]


class ChangeActionForm(ChangeForm):
    """Other words, another owner or another day, with a reason."""

    text = _text()
    kind = forms.ChoiceField(label="It will help to", choices=list(KINDS.items()))
    owner = forms.ChoiceField(label="Who sees to it")
    due_on = _day()
    field_order = ("text", "kind", "owner", "due_on", "reason", "version")

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = people  # type: ignore[attr-defined]
        self.fields["due_on"].help_text = "A later day is counted as an extension."

    def conflict(self, obj: Tracked) -> None:
        """Say in words what they changed: the columns hold hashes and keys."""
        super().conflict(obj)
        self.theirs = changes_of(obj, after_version=self.cleaned_data["version"], labels=labels())


class DoneForm(forms.Form):
    """How anybody can tell that it is done."""

    evidence = forms.CharField(
        max_length=MAX_EVIDENCE,
        label="How anybody can tell",
        help_text="A link, a test, a drill. Somebody else looks at it and verifies.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say how anybody can tell that it is done: a link, a test, a drill."},
    )
    version = VersionField()
