"""Who carries how much: hours, nights and weekends. docs/schedules.md, "Nights, weekends and fairness".

`loads` takes spans, so that what was planned and what is on record are counted by one function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oncall.rota.calendar import Window, instant_of, wall_at
from oncall.rota.resolve import shifts
from oncall.rota.schedule import PRIMARY, Person, Schedule

NIGHT_STARTS, NIGHT_ENDS = time(22), time(6)
SATURDAY = 5
DAY = timedelta(days=1)
WEEKEND = 2 * DAY
# A night or a weekend belongs to the window it begins in and is counted whole, so figures of adjoining windows add up
BEYOND = WEEKEND + DAY


class Span(NamedTuple):
    """Somebody was, or will be, on call in `[start, end)`."""

    start: datetime
    end: datetime
    person: Person


@dataclass(frozen=True, slots=True)
class Load:
    """What one person carries in a window. A night or weekend counts for whoever has at least half of it."""

    person: Person
    length: timedelta
    nights: int
    weekends: int


def fairness(schedule: Schedule, within: Window, role: str = PRIMARY) -> list[Load]:
    """The load of everybody who is on call in a window, as planned, the longest first."""
    planned = shifts(schedule, Window(within.start, within.end + BEYOND), role)
    spans = (Span(shift.start, shift.end, person) for shift in planned for person in shift.people)
    return loads(spans, within, schedule.zone)


def loads(spans: Iterable[Span], within: Window, zone: str) -> list[Load]:
    """The load of each person, the longest first. The spans must reach `BEYOND` the window for its last night to count."""
    place = ZoneInfo(zone)
    whole: dict[Person, list[Span]] = {}
    for span in sorted(spans, key=lambda span: span.start):
        whole.setdefault(span.person, []).append(span)
    nights, weekends = list(_nights(within, place)), list(_weekends(within, place))
    found = [
        Load(person, _length(held, within), _halves(held, nights), _halves(held, weekends))
        for person, held in whole.items()
    ]
    carrying = [load for load in found if load.length or load.nights or load.weekends]
    return sorted(carrying, key=lambda load: (-load.length, load.person.id))


def _nights(within: Window, zone: ZoneInfo) -> Iterator[Window]:
    """The nights that begin in a window."""
    return _beginning(within, zone, NIGHT_STARTS, DAY - _of(NIGHT_STARTS) + _of(NIGHT_ENDS), range(7))


def _weekends(within: Window, zone: ZoneInfo) -> Iterator[Window]:
    """The weekends that begin in a window."""
    return _beginning(within, zone, time(0), WEEKEND, (SATURDAY,))


def _beginning(
    within: Window, zone: ZoneInfo, starts: time, length: timedelta, weekdays: Iterable[int]
) -> Iterator[Window]:
    day: date = wall_at(within.start, zone).date() - DAY
    last, wanted = wall_at(within.end, zone).date() + DAY, set(weekdays)
    while day <= last:
        wall = datetime.combine(day, starts)
        start = instant_of(wall, zone) if day.weekday() in wanted else within.end
        if within.start <= start < within.end:
            yield Window(start, instant_of(wall + length, zone))
        day += DAY


def _of(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute)


def _length(held: list[Span], within: Window) -> timedelta:
    return sum((_shared(span, within) for span in held), timedelta(0))


def _shared(span: Span, other: Window) -> timedelta:
    return max(min(span.end, other.end) - max(span.start, other.start), timedelta(0))


def _halves(held: list[Span], windows: list[Window]) -> int:
    """How many of the windows are held for at least half. Both are in order."""
    counted, first = 0, 0
    for one in windows:
        while first < len(held) and held[first].end <= one.start:
            first += 1
        covered, index = timedelta(0), first
        while index < len(held) and held[index].start < one.end:
            covered += _shared(held[index], one)
            index += 1
        counted += one.start < one.end and 2 * covered >= one.end - one.start
    return counted
