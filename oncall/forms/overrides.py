"""Forms of overrides: somebody instead of, beside or not as the rotation has it, and taking a shift."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.forms.fields import REASON_MAX, ReasonField
from oncall.forms.walls import WallField
from oncall.rota.problems import ScheduleError
from oncall.rota.schedule import ROLES, Kind

Choices = list[tuple[str, str]]
KINDS = (
    (Kind.REPLACE, "Replace: somebody instead"),
    (Kind.ADD, "Add: somebody as well"),
    (Kind.REMOVE, "Remove: somebody not"),
)
# fields of services, where the form calls them otherwise
CALLED = {"start_at": "start", "end_at": "end"}


class _OnWalls(forms.Form):
    """A form whose times are on the wall of a schedule."""

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, WallField):
                field.zone = ZoneInfo(zone)

    def refused(self, error: ScheduleError) -> None:
        """Put the sentences of a refusal beside the fields they are about."""
        for name, said in error.problems.items():
            field = CALLED.get(name, name)
            self.add_error(field if field in self.fields else None, said)


class OverrideForm(_OnWalls):
    """A new override."""

    kind = forms.ChoiceField(label="What", choices=KINDS, widget=forms.RadioSelect, initial=Kind.REPLACE)
    role = forms.ChoiceField(choices=[(role, role.capitalize()) for role in ROLES])
    who = forms.ChoiceField(label="Who comes on call", required=False)
    whom = forms.ChoiceField(label="Instead of, or without", required=False)
    start = WallField(label="From", required=False, help_text="Empty: from now.")
    end = WallField(label="To")
    reason = ReasonField()

    def __init__(self, *args: Any, people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [("", "Nobody"), *people]  # type: ignore[attr-defined]
        self.fields["whom"].choices = [("", "Whoever has it"), *people]  # type: ignore[attr-defined]


class TakeForm(_OnWalls):
    """A shift, or a part of it, that somebody takes themselves."""

    role = forms.ChoiceField(choices=[(role, role) for role in ROLES], widget=forms.HiddenInput())
    start = WallField(label="From")
    end = WallField(label="To")
    reason = forms.CharField(required=False, max_length=REASON_MAX, help_text="Kept in the history. It may stay empty.")
