"""The form of a new calendar address."""

from __future__ import annotations

from typing import Any

from django import forms


class FeedForm(forms.Form):
    """What the calendar shows: all shifts of one's own, or everybody in a schedule."""

    of = forms.ChoiceField(label="Shows", required=False)

    def __init__(self, *args: Any, schedules: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody = [(public_id, f"Everybody in {name}") for public_id, name in schedules]
        self.fields["of"].choices = [("", "My own shifts in all schedules"), *everybody]  # type: ignore[attr-defined]
