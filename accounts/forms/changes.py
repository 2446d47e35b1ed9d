"""The base of every form that changes a tracked object: a reason, the version seen, and what to do when it is stale."""

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict

from accounts.forms.fields import ReasonField, VersionField
from accounts.history import Change, changes_of
from ledger.tracked import Tracked

UNPROCESSABLE, CONFLICT = 422, 409


class ChangeForm(forms.Form):
    """A form over an object that somebody else may change meanwhile. Nothing typed is ever lost."""

    reason = ReasonField()
    version = VersionField()

    theirs: list[Change]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theirs = []

    def conflict(self, obj: Tracked) -> None:
        """Say who changed what since this form was drawn, keep what was typed, and aim at the version now in force.

        Saving again then means: I have seen their change and mine shall stand.
        """
        obj.refresh_from_db()
        self.theirs = changes_of(obj, after_version=self.cleaned_data["version"])
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("version")] = str(obj.version)
        self.data = data
        who = ", ".join(dict.fromkeys(change.who for change in self.theirs)) or "Somebody"
        self.add_error(
            None, f"{who} changed this while you wrote. Nothing of yours is saved yet; compare, then save again."
        )


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: the posted data, even if empty, or nothing when the page is only read."""
    return request.POST if request.method == "POST" else None


def status_of(form: forms.BaseForm) -> int:
    """The HTTP status of a page with this form: 200 as drawn, 409 after a conflict, 422 with errors."""
    if not form.is_bound or not form.errors:
        return 200
    return CONFLICT if getattr(form, "theirs", None) else UNPROCESSABLE
