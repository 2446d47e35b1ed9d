"""Form fields that several apps share: durations, reasons, versions, and errors that quote what was written."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.durations import parse_duration, spell_duration

REASON_MAX = 500


class DurationField(forms.CharField):
    """A length of time typed as `20 s` or `5 min`; cleans to whole seconds between `least` and `most`."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        self.least, self.most = least, most
        kwargs.setdefault("max_length", 40)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Seconds from an object are spelled; what a person typed stays as typed."""
        return spell_duration(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """Seconds as int. Raises ValidationError quoting the text when unreadable or out of bounds."""
        text = super().clean(spell_duration(value) if isinstance(value, int) else value)
        if not text:
            return None
        try:
            seconds = parse_duration(text)
        except ValueError as error:
            sentence = f"Write a length of time such as 20 s, 5 min or 1 h. You wrote {text}."
            raise ValidationError(sentence, code="unreadable") from error
        if not self.least <= seconds <= self.most:
            span = f"Between {spell_duration(self.least)} and {spell_duration(self.most)}"
            raise ValidationError(f"{span}. You wrote {text}.", code="out_of_bounds")
        return seconds

    def has_changed(self, initial: Any, data: Any) -> bool:
        """`60` and `1 min` are the same length, so they are no change."""
        try:
            return self.clean(initial) != self.clean(data)
        except ValidationError:
            return True


class ReasonField(forms.CharField):
    """Why a change is made. It is kept in the history of the object for as long as the object's record is."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Reason")
        kwargs.setdefault("max_length", REASON_MAX)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 2}))
        kwargs.setdefault("help_text", "Kept in the history beside the change.")
        kwargs.setdefault("error_messages", {"required": "Say why in a few words. An auditor will ask."})
        super().__init__(**kwargs)


class VersionField(forms.IntegerField):
    """The version of the object the form was drawn from, carried hidden, compared when the form comes back."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.HiddenInput())
        kwargs.setdefault("min_value", 1)
        super().__init__(**kwargs)


class DayInput(forms.DateInput):
    """A day, picked from a calendar where the browser has one.

    Written as 2026-11-22: a browser shows a day in any other form as an empty field, and saving would lose it.
    """

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")
