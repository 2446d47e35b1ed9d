"""The form of a schedule itself: its name, its team and the zone it is shown in."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.zones import zone_choices
from oncall.rota.problems import ScheduleError


class ScheduleForm(ChangeForm):
    """A schedule; its rotations have forms of their own."""

    name = forms.CharField(max_length=80, help_text="What people call it: Shop, Platform.")
    team = forms.ChoiceField(help_text="Its managers edit the schedule.")
    zone = forms.ChoiceField(
        label="Shown in the time zone",
        choices=zone_choices,
        help_text="Nights and weekends are counted in it. Nobody's turns move.",
    )
    field_order = ("name", "team", "zone", "reason", "version")

    def __init__(self, *args: Any, teams: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = teams  # type: ignore[attr-defined]

    def refused(self, error: ScheduleError) -> None:
        """Put what was refused beside the fields it is about."""
        for name, said in error.problems.items():
            self.add_error(name if name in self.fields else None, said)


class NewScheduleForm(ScheduleForm):
    """The same for a schedule that does not exist yet: no reason, no version."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]
