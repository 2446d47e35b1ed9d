"""Fields that take the JSON type they say and no other: a number is not a string, "no" is not a boolean.

Guessing is how `"timeout_s": "30 "` becomes a monitor that nobody meant. docs/api.md states the types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ledger.record import instant

# NUL breaks PostgreSQL, a lone surrogate has no UTF-8, other control characters have no place on a screen
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Text(serializers.CharField):
    """A JSON string, trimmed, without control characters. `max_length` is required, so that it is thought of."""

    default_error_messages = {
        "invalid": "Send a JSON string.",
        "unsafe": "Control characters are not allowed.",
    }

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuse other types before CharField turns them into text, and unsafe characters before it trims."""
        if data is not serializers.empty and data is not None:
            if not isinstance(data, str):
                self.fail("invalid")
            if _UNSAFE.search(data):
                self.fail("unsafe")
        return super().run_validation(data)


class Secret(Text):
    """Text that is written and never read back."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(write_only=True, trim_whitespace=False, **kwargs)


class Pattern(Text):
    """Text of one form, told by a sentence when it is another."""

    def __init__(self, pattern: str, sentence: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(_Matches(pattern, sentence))


class _Matches:
    """A full match; drf-spectacular does not see it, so that a form we cannot generate is not promised."""

    def __init__(self, pattern: str, sentence: str) -> None:
        self.pattern, self.sentence = re.compile(pattern), sentence

    def __call__(self, value: str) -> None:
        if not self.pattern.fullmatch(value):
            raise serializers.ValidationError(self.sentence, code="pattern")


class Whole(serializers.IntegerField):
    """A JSON number without a fraction, within bounds."""

    default_error_messages = {"invalid": "Send a whole JSON number."}

    def __init__(self, *, min_value: int, max_value: int, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Refuse strings, booleans and fractions; 30.0 is 30, as in JSON Schema."""
        if isinstance(data, float) and data.is_integer():
            return int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class YesNo(serializers.BooleanField):
    """JSON true or false."""

    default_error_messages = {"invalid": "Send true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Refuse "yes", 1 and their like."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class OneOf(serializers.ChoiceField):
    """One of a few JSON strings."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse other types before they are compared as text."""
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Id(Text):
    """A public id; whether it names something the caller may see is for the access functions."""

    def __init__(self, *prefixes: str, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)
        such = " or ".join(f"{prefix}_x3k9…" for prefix in prefixes)
        self.validators.append(_Matches(rf"({'|'.join(prefixes)})_[a-z0-9]{{16}}", f"Send an id such as {such}"))


@extend_schema_field({"type": "string", "format": "date-time"})
class Instant(serializers.Field):
    """An instant: RFC 3339 with an offset in, UTC with milliseconds and Z out."""

    default_error_messages = {"invalid": "Send an instant with its offset, such as 2026-11-22T03:00:00Z."}

    def to_internal_value(self, data: Any) -> datetime:
        """Refuse a time without offset: whose three o'clock it was is what goes wrong at night."""
        moment = read_instant(data) if isinstance(data, str) else None
        if moment is None:
            self.fail("invalid")
        return moment

    def to_representation(self, value: datetime) -> str:
        """The form of every `*_at` in evidence."""
        return instant(value)


class Day(serializers.DateField):
    """A calendar day, `2026-11-22`."""

    default_error_messages = {"invalid": "Send a day such as 2026-11-22."}

    def to_internal_value(self, data: Any) -> Any:
        """Refuse other types and forms, and years that a database cannot keep."""
        if not isinstance(data, str) or not re.fullmatch(r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}", data):
            self.fail("invalid")
        return super().to_internal_value(data)


def read_instant(text: str) -> datetime | None:
    """Read RFC 3339 with an offset; None for anything else, years outside 1970-2999 included."""
    try:
        moment = parse_datetime(text)
        if moment is None or moment.tzinfo is None or not 1970 <= moment.year < 3000:
            return None
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Body(serializers.Serializer):
    """The base of what is read: plain fields, and a refusal for every name we do not know."""

    default_error_messages = {"unknown": "There is no such field."}

    def to_internal_value(self, data: Any) -> Any:
        """A field we do not know is a typing mistake that would otherwise be lost in silence."""
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                told = self.error_messages["unknown"]
                raise serializers.ValidationError({name[:80]: [told] for name in unknown[:20]}, code="unknown")
        return super().to_internal_value(data)


class Change(Body):
    """What every change may carry: why, and the version that was seen."""

    reason = Text(max_length=500, required=False, default="", allow_blank=True, help_text="Why; kept in the history.")
    version = Whole(
        min_value=1,
        max_value=2_147_483_647,
        required=False,
        help_text="The version you changed; 409 if another is in force.",
    )
