"""Forms of swaps: which shift is asked for, what is offered in return, why it ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from oncall.rota.calendar import instant_of
from oncall.rota.problems import ScheduleError
from oncall.services.swaps import NOTE_MOST

Choices = list[tuple[str, str]]
WALL = "%Y-%m-%dT%H:%M"


def _on_wall(label: str, help_text: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label, required=False, help_text=help_text, input_formats=[WALL, "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WALL),
    )  # fmt: skip


class RequestForm(forms.Form):
    """A shift to give, whole or in part. A part is on the wall of the schedule, as the shift is shown."""

    shift = forms.ChoiceField(help_text="Times as on the wall of the schedule.")
    start = _on_wall("Only from", "Empty: from its start.")
    end = _on_wall("Only to", "Empty: to its end.")
    asked = forms.ChoiceField(label="Ask", required=False)
    note = forms.CharField(required=False, max_length=NOTE_MOST, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, shifts: Choices, people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shift"].choices = shifts  # type: ignore[attr-defined]
        self.fields["asked"].choices = [("", "Everybody who answers pages"), *people]  # type: ignore[attr-defined]

    def refused(self, error: ScheduleError) -> None:
        """Say beside the fields what the service says of them."""
        for name, said in error.problems.items():
            field = name.removesuffix("_at")
            self.add_error(field if field in self.fields else None, said)


class OfferForm(forms.Form):
    """What the taker wants in return, if anything."""

    back = forms.ChoiceField(label="In return", required=False)

    def __init__(self, *args: Any, shifts: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["back"].choices = [("", "Nothing"), *shifts]  # type: ignore[attr-defined]


def instant_on(wall: datetime | None, zone: str, otherwise: datetime) -> datetime:
    """What was typed, as an instant: the zone of the reader has no say in it."""
    return otherwise if wall is None else instant_of(wall.replace(tzinfo=None), ZoneInfo(zone))
