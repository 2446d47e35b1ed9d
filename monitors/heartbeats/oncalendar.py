"""Calendar events as systemd writes them: `Mon..Fri *-*-* 02:30`, read and followed. Standard library only.

The grammar is in docs/heartbeats.md. What is not in it is refused with a sentence; nothing is guessed.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORTHANDS = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
}
YEARS = (1970, 2199)
# Weekdays and dates come round within 28 years, but for a century that is no leap year.
MOST_DAYS = 41 * 366
TEXT_MAX = 200
MINUTE = timedelta(minutes=1)
_ITEM = re.compile(r"(\*|\d{1,4})(?:\.\.(\d{1,4}))?(?:/(\d{1,4}))?")
_DATE = re.compile(r"(?:([^-~:\s]+)-)?([^-~:\s]+)([-~])([^-~:\s]+)")


class CalendarError(ValueError):
    """A calendar event that cannot be read; its text is a sentence for the author."""


@dataclass(frozen=True)
class Event:
    """One calendar event. weekdays: 0 is Monday. from_end: days are counted from the end of the month, 1 the last.

    zone: the zone that the event names itself; None where it leaves that to the reader. any_hour: every hour of the
    day is meant, so that a repeated hour is meant twice.
    """

    weekdays: frozenset[int]
    years: frozenset[int]
    months: frozenset[int]
    days: frozenset[int]
    from_end: bool
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    zone: ZoneInfo | None = None

    @property
    def any_hour(self) -> bool:
        """Whether every hour of the day is meant."""
        return len(self.hours) == 24

    def falls_on(self, day: date) -> bool:
        """Whether the day is meant."""
        if day.year not in self.years or day.month not in self.months or day.weekday() not in self.weekdays:
            return False
        if not self.from_end:
            return day.day in self.days
        return calendar.monthrange(day.year, day.month)[1] - day.day + 1 in self.days

    def after(self, instant: datetime, zone: ZoneInfo) -> datetime | None:
        """The first instant of the event later than `instant`, in UTC; None if there is none any more.

        A wall-clock time that the zone leaves out is left out; one that it has twice counts once, the first time,
        unless every hour is meant.
        """
        zone = self.zone or zone
        day = (instant - timedelta(hours=1)).astimezone(zone).date()  # a day may go on after the clock went back
        for _ in range(MOST_DAYS):
            if day.year > max(self.years):
                return None
            if self.falls_on(day):
                for found in self._instants(day, zone, instant):
                    if found > instant:
                        return found
            elif day.year not in self.years or day.month not in self.months:
                day = _end_of_month(day)
            day += timedelta(days=1)
        return None

    def _instants(self, day: date, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
        return self._every_hour(day, zone, after) if self.any_hour else self._on_the_clock(day, zone)

    def _on_the_clock(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                for second in self.seconds:
                    local = datetime.combine(day, clock(hour, minute, second), zone)
                    instant = local.astimezone(UTC)
                    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                        yield instant

    def _every_hour(self, day: date, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
        """By elapsed minutes, so that the hour the clock repeats has its runs twice."""
        moment = datetime.combine(day, clock(), zone).astimezone(UTC)
        if after > moment:
            moment += (after - moment) // MINUTE * MINUTE
        while (local := moment.astimezone(zone)).date() <= day:
            if local.date() == day and local.minute in self.minutes:
                for second in self.seconds:
                    yield moment + timedelta(seconds=second)
            moment += MINUTE


def read_events(text: str) -> tuple[Event, ...]:
    """Calendar events, one a line. Raises CalendarError."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise CalendarError("Write a calendar event, such as Mon..Fri *-*-* 02:30.")
    if len(text) > TEXT_MAX:
        raise CalendarError(f"Write at most {TEXT_MAX} characters.")
    return tuple(read_event(line) for line in lines)


def read_event(text: str) -> Event:
    """One calendar event. Raises CalendarError."""
    words = text.split()
    zone = _zone(words[-1]) if words else None
    if zone is not None:
        words = words[:-1]
    if len(words) == 1 and words[0].lower() in SHORTHANDS:
        words = SHORTHANDS[words[0].lower()].split()
    if not words:
        raise CalendarError("Write when it runs before the time zone, as in *-*-* 02:30 Europe/Berlin.")
    weekdays = frozenset(range(7))
    if words[0][0].isalpha():
        weekdays, words = _weekdays(words[0]), words[1:]
    dated = [word for word in words if ":" not in word]
    timed = [word for word in words if ":" in word]
    if len(dated) > 1 or len(timed) > 1 or [*dated, *timed] != words:
        raise CalendarError(f"{text!r} is not weekday, date, time and zone in this order.")
    years, months, days, from_end = _date(dated[0]) if dated else _date("*-*-*")
    hours, minutes, seconds = _time(timed[0]) if timed else _time("00:00:00")
    return Event(weekdays, years, months, days, from_end, hours, minutes, seconds, zone)


def _zone(word: str) -> ZoneInfo | None:
    """The zone a word names; None if it is part of the event. Raises CalendarError for a zone there is not."""
    if word.upper() == "UTC":
        return ZoneInfo("UTC")
    if "/" not in word or not word[0].isalpha():
        return None
    try:
        return ZoneInfo(word)
    except (KeyError, ValueError, OSError):
        raise CalendarError(f"There is no time zone {word}.") from None


def _weekdays(word: str) -> frozenset[int]:
    found: set[int] = set()
    for part in word.rstrip(",").split(","):
        first, dots, last = part.partition("..")
        if not dots:
            first, dots, last = part.partition("-")
        begin, end = _weekday(first), _weekday(last if dots else first)
        if end < begin:
            raise CalendarError(f"{part} runs backwards: the week begins on Monday.")
        found.update(range(begin, end + 1))
    return frozenset(found)


def _weekday(word: str) -> int:
    name = word.lower()
    for number, full in enumerate(WEEKDAYS):
        if name in (full, full[:3]):
            return number
    raise CalendarError(f"{word!r} is no day of the week: write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")


def _date(word: str) -> tuple[frozenset[int], frozenset[int], frozenset[int], bool]:
    match = _DATE.fullmatch(word)
    if match is None:
        raise CalendarError(f"{word!r} is no date: write year-month-day, as in *-*-01, or year-month~day from the end.")
    year, month, mark, day = match.groups()
    from_end = mark == "~"
    return (
        frozenset(_values(year or "*", *YEARS, "year")),
        frozenset(_values(month, 1, 12, "month")),
        frozenset(_values(day, 1, 31, "day", downwards=from_end)),
        from_end,
    )


def _time(word: str) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    parts = word.split(":")
    if len(parts) > 3 or "" in parts:
        raise CalendarError(f"{word!r} is no time: write hour:minute or hour:minute:second.")
    hour, minute, second = (*parts, "0")[:3]
    return (
        tuple(sorted(_values(hour, 0, 23, "hour"))),
        tuple(sorted(_values(minute, 0, 59, "minute"))),
        tuple(sorted(_values(second, 0, 59, "second"))),
    )


def _values(word: str, least: int, most: int, unit: str, *, downwards: bool = False) -> set[int]:
    """The numbers of a comma list of `*`, `n`, `n..m`, each with an optional `/step`.

    downwards: days counted from the end of the month, where a step goes on towards the last day.
    """
    found: set[int] = set()
    for part in word.split(","):
        match = _ITEM.fullmatch(part)
        if match is None:
            raise CalendarError(f"{part!r} is no {unit}: write a number, *, a range 1..5, or a step */2.")
        begin, end, step = match.groups()
        found.update(_item(begin, end, step, least, most, unit, downwards=downwards))
    return found


def _item(begin: str, end: str | None, step: str | None, least: int, most: int, unit: str, *, downwards: bool) -> range:
    if begin == "*" and end:
        raise CalendarError(f"*..{end} is no range of {unit}s.")
    first = (most if downwards else least) if begin == "*" else int(begin)
    if end is not None:
        last = int(end)
    elif begin == "*" or step:
        last = least if downwards else most
    else:
        last = first
    if not (least <= first <= most and least <= last <= most):
        raise CalendarError(f"A {unit} is {least} to {most}.")
    if step is not None and not 0 < int(step) <= most:
        raise CalendarError(f"A step of {step} {unit}s goes nowhere: write 1 to {most}.")
    width = int(step or 1)
    if downwards:
        return range(max(first, last), min(first, last) - 1, -width)
    if last < first:
        raise CalendarError(f"{begin}..{end} runs backwards.")
    return range(first, last + 1, width)


def _end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
