"""Times typed on the wall of a schedule's zone, whatever zone the reader is in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from oncall.rota.calendar import instant_of, wall_at

FORMS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S")


class WallField(forms.CharField):
    """A date and time such as 2026-12-06T09:00 on the wall of `zone`; cleans to an instant in UTC, None if empty.

    What spring leaves out is the end of the gap, what autumn shows twice is the first time: the clock of a schedule.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local", "step": 60}))
        kwargs.setdefault("max_length", 25)
        super().__init__(**kwargs)
        self.zone = ZoneInfo("UTC")

    def prepare_value(self, value: Any) -> Any:
        """An instant as it is typed; what a person typed stays as typed."""
        return wall_at(value, self.zone).strftime(FORMS[0]) if isinstance(value, datetime) else value

    def clean(self, value: Any) -> Any:
        """The instant. Raises ValidationError quoting what cannot be read."""
        text = super().clean(value).strip()
        if not text:
            return None
        for form in FORMS:
            try:
                return instant_of(datetime.strptime(text, form), self.zone)  # noqa: DTZ007 - a wall has no offset
            except (ValueError, OverflowError):
                continue
        raise ValidationError(f"Write a day and a time, such as 2026-12-06T09:00. You wrote {text}.")
