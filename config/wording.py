"""How Watchbook says lengths, ages, counts and ratios. Pure; the same words in screens, mail and reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
NUMERALS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def length(span: timedelta | float, units: int = 2) -> str:
    """`19 min 20 s`, `5 h 10 min`, `6 d 4 h`: at most `units` neighbouring units, the rest cut off.

    `span` is a timedelta or seconds; a negative one is said without its sign, and under a second is `0 s`.
    """
    rest = int(abs(span.total_seconds() if isinstance(span, timedelta) else span))
    first = next((i for i, (size, _) in enumerate(UNITS) if rest >= size), len(UNITS) - 1)
    said: list[str] = []
    for size, unit in UNITS[first : first + units]:
        count, rest = divmod(rest, size)
        if count or not said:
            said.append(f"{count} {unit}")
    return " ".join(said)


def age(at: datetime, now: datetime) -> str:
    """`12 s ago`, `3 h ago`; an instant to come is `in 4 min`. One unit: an age is a glance, not a measure."""
    gap = now - at
    return f"{length(gap, 1)} ago" if gap >= timedelta(0) else f"in {length(-gap, 1)}"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 monitor`, `44 monitors`, `1,024 checks`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def numeral(number: int) -> str:
    """`three` up to twelve, then `13`: numbers inside a sentence."""
    return NUMERALS[number] if 0 <= number < len(NUMERALS) else f"{number:,}"


def ratio(percent: Decimal | float, places: int = 3) -> str:
    """`99.955`: truncated, because a ratio rounded up claims time nobody had."""
    return str(Decimal(str(percent)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN))


def milliseconds(value: float) -> str:
    """`160 ms`, `1,910 ms`; from ten seconds on `12.4 s`."""
    return f"{value / 1000:.1f} s" if value >= 10_000 else f"{round(value):,} ms"


def listed(words: list[str]) -> str:
    """`Ana`, `Ana and Ben`, `Ana, Ben and Mara`."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]
