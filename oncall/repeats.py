"""On which days a rule of a calendar falls, day by day and no further than asked: a rule that never happens costs no more than others.

The rules that calendars write for absences and holidays (RFC 5545, 3.3.10) and no others: by day, week, month and year, on
weekdays, days of the month and months. docs/swaps.md, "Absences".
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "WKST"})
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = timedelta(days=1)
_NUMBERED = re.compile(r"([+-]?\d{1,2})?([A-Z]{2})")


class RepeatError(ValueError):
    """A rule that is not one of those; the message is a part of a sentence."""


@dataclass(frozen=True)
class Repeat:
    """A rule. by_day: pairs of a place (0 for every one) and a weekday; until: the last day that may count."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    by_day: tuple[tuple[int, int], ...] = ()
    by_month: frozenset[int] = frozenset()
    by_month_day: frozenset[int] = frozenset()
    week_starts: int = 0


def read_repeat(parts: Mapping[str, str], until: date | None) -> Repeat:
    """A rule from its parts, `{"FREQ": "WEEKLY", "BYDAY": "MO,WE"}`. Raises RepeatError."""
    unknown = set(parts) - PARTS
    if unknown or parts.get("FREQ") not in FREQUENCIES:
        raise RepeatError("it repeats by a rule that is not read here")
    try:
        by_day = tuple(_weekday(one) for one in parts["BYDAY"].split(",")) if "BYDAY" in parts else ()
        made = Repeat(
            parts["FREQ"], int(parts.get("INTERVAL", "1")), int(parts["COUNT"]) if "COUNT" in parts else None, until, by_day,
            _numbers(parts, "BYMONTH"), _numbers(parts, "BYMONTHDAY"), WEEKDAYS.index(parts.get("WKST", "MO")),
        )  # fmt: skip
    except (ValueError, KeyError):
        raise RepeatError("its rule cannot be read") from None
    if made.interval < 1 or (made.count is not None and made.count < 1):
        raise RepeatError("it repeats at no distance")
    by_week = made.freq in ("DAILY", "WEEKLY")
    if (by_week and any(place for place, _ in made.by_day)) or (made.freq == "WEEKLY" and made.by_month_day):
        raise RepeatError("it repeats by a rule that is not read here")
    return made


def days(rule: Repeat, first: date, start: date, end: date) -> Iterator[date | None]:
    """The days in `[start, end]` on which a rule that begins on `first` falls; None for each day that was looked at in vain.

    Without a count nothing before `start` is looked at.
    """
    day, counted = first if rule.count is not None else max(first, start), 0
    last = end if rule.until is None else min(end, rule.until)
    while day <= last:
        falls = matches(rule, first, day)
        counted += falls
        if rule.count is not None and counted > rule.count:
            return
        yield day if falls and day >= start else None
        day += DAY


def matches(rule: Repeat, first: date, day: date) -> bool:
    """Whether a rule that begins on `first` falls on a day, its count aside."""
    if not _in_turn(rule, first, day) or (rule.by_month and day.month not in rule.by_month):
        return False
    length = monthrange(day.year, day.month)[1]
    if rule.by_month_day and not rule.by_month_day & {day.day, day.day - length - 1}:
        return False
    if rule.by_day:
        return any(_falls(rule, day, place, weekday, length) for place, weekday in rule.by_day)
    if rule.by_month_day or rule.freq == "DAILY":
        return True
    if rule.freq == "WEEKLY":
        return day.weekday() == first.weekday()
    # months and years without such a day are left out
    return day.day == first.day and (rule.freq == "MONTHLY" or bool(rule.by_month) or day.month == first.month)


def _in_turn(rule: Repeat, first: date, day: date) -> bool:
    """Whether the day lies in a day, week, month or year that has its turn."""
    if rule.freq == "DAILY":
        gone = (day - first).days
    elif rule.freq == "WEEKLY":
        gone = (_week(rule, day) - _week(rule, first)).days // 7
    elif rule.freq == "MONTHLY":
        gone = (day.year - first.year) * 12 + day.month - first.month
    else:
        gone = day.year - first.year
    return gone % rule.interval == 0


def _week(rule: Repeat, day: date) -> date:
    return day - timedelta(days=(day.weekday() - rule.week_starts) % 7)


def _falls(rule: Repeat, day: date, place: int, weekday: int, length: int) -> bool:
    """Whether a day is a weekday, or the nth or last but n of the month, or of the year where no month is named."""
    if day.weekday() != weekday or not place:
        return day.weekday() == weekday
    of_year = rule.freq == "YEARLY" and not rule.by_month
    at = day.timetuple().tm_yday if of_year else day.day
    whole = date(day.year, 12, 31).timetuple().tm_yday if of_year else length
    return place in ((at - 1) // 7 + 1, -((whole - at) // 7 + 1))


def _weekday(text: str) -> tuple[int, int]:
    found = _NUMBERED.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return int(found[1] or 0), WEEKDAYS.index(found[2])


def _numbers(parts: Mapping[str, str], name: str) -> frozenset[int]:
    return frozenset(int(one) for one in parts[name].split(",")) if name in parts else frozenset()
