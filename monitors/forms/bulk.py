"""The form of a change to many monitors: what to do, and of the settings only those that shall be the same for all."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.fields import DurationField, ReasonField
from monitors.forms.monitor import SEVERITIES, URGENCIES
from monitors.forms.tags import TagsField
from monitors.services.bulk import ACTIONS, CHANGE

Choices = list[tuple[str, str]]
KEEP = ("", "Leave as it is")
NO_TEAM = "none"
DAY_S = 86_400


def _length(label: str, least: int, most: int = DAY_S) -> DurationField:
    return DurationField(label=label, least=least, most=most, required=False, help_text="Empty: left as it is.")


class BulkForm(forms.Form):
    """Nothing chosen is nothing changed."""

    action = forms.ChoiceField(label="What to do", choices=list(ACTIONS.items()), widget=forms.RadioSelect)
    interval_s = _length("Check every", 1)
    timeout_s = _length("Give up after", 1, 60)
    confirmation_s = _length("Down when failing for", 0)
    recovery_s = _length("Up again when good for", 0)
    severity = forms.TypedChoiceField(choices=(KEEP, *SEVERITIES), coerce=int, required=False, empty_value=None)
    urgency = forms.ChoiceField(choices=(KEEP, *URGENCIES), required=False)
    team = forms.ChoiceField(required=False)
    tag = TagsField(label="Tags to add", help_text="Beside those each has.")
    untag = TagsField(label="Tags to take away", help_text="")
    reason = ReasonField()

    def __init__(self, *args: Any, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [KEEP, (NO_TEAM, "No team"), *teams]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """To change settings, at least one must be given."""
        data = super().clean() or self.cleaned_data
        tags = [*data.get("tag", []), *data.get("untag", [])]
        if data.get("action") == CHANGE and not self.errors and not self.changes() and not tags:
            self.add_error(None, "Give at least one setting, or choose something else to do.")
        return data

    def changes(self) -> dict[str, Any]:
        """The settings that were given; `team` as its public id, or NO_TEAM."""
        names = ("interval_s", "timeout_s", "confirmation_s", "recovery_s", "severity", "urgency", "team")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name) not in ("", None)}
