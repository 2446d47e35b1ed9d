"""Which days a report or a view is about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from accounts.forms.fields import DayInput


class DaysForm(forms.Form):
    """From a day to a day, both included, at most `longest` apart."""

    first = forms.DateField(
        label="From", widget=DayInput, error_messages={"invalid": "Write a day such as 2026-12-24."}
    )
    last = forms.DateField(label="To", widget=DayInput, error_messages={"invalid": "Write a day such as 2026-12-24."})

    def __init__(self, *args: Any, longest: timedelta, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.longest = longest

    def clean(self) -> dict[str, Any]:
        """Days in order, of a year that a calendar has, and not too many."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("first"), data.get("last")
        if first and last and not first <= last <= first + self.longest:
            self.add_error("last", f"It is not before the first day, and at most {self.longest.days} days after it.")
        if first and not 2000 <= first.year < 2200:
            self.add_error("first", "Choose a year between 2000 and 2199.")
        return data

    def days(self, otherwise: tuple[date, date]) -> tuple[date, date]:
        """The days asked for, or others where none were or they cannot be read."""
        if self.is_bound and self.is_valid():
            return self.cleaned_data["first"], self.cleaned_data["last"]
        return otherwise
