"""Calendar months and quarters of a zone, as windows in UTC. Standard library only.

A window's length is counted between instants, so a month in which clocks change is an hour shorter or longer.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise

from monitors.availability import Window


def month_of(moment: datetime, zone: tzinfo) -> Window:
    """The calendar month of the zone that an instant lies in."""
    local = moment.astimezone(zone)
    return month(local.year, local.month, zone)


def quarter_of(moment: datetime, zone: tzinfo) -> Window:
    """The calendar quarter of the zone that an instant lies in."""
    local = moment.astimezone(zone)
    first = (local.month - 1) // 3 * 3 + 1
    return Window(_first(local.year, first, zone), _first(local.year, first + 3, zone))


def month(year: int, number: int, zone: tzinfo) -> Window:
    """A calendar month of the zone by its number, 1 to 12."""
    return Window(_first(year, number, zone), _first(year, number + 1, zone))


def months_back(now: datetime, count: int, zone: tzinfo) -> list[Window]:
    """The last `count` months of the zone, the running one last."""
    local = now.astimezone(zone)
    ahead = local.year * 12 + local.month - 1
    return [month(*_divided(number), zone) for number in range(ahead - count + 1, ahead + 1)]


def quarters_back(now: datetime, count: int, zone: tzinfo) -> list[Window]:
    """The last `count` quarters of the zone, the running one last."""
    local = now.astimezone(zone)
    ahead = local.year * 4 + (local.month - 1) // 3
    firsts = [(number // 4, number % 4 * 3 + 1) for number in range(ahead - count + 1, ahead + 1)]
    return [Window(_first(year, first, zone), _first(year, first + 3, zone)) for year, first in firsts]


def days_of(first: date, count: int, zone: tzinfo) -> list[Window]:
    """`count` days of the zone from `first` on; days of 23 and 25 hours come out as such."""
    bounds = [midnight(first + timedelta(days=ahead), zone) for ahead in range(count + 1)]
    return [Window(start, end) for start, end in pairwise(bounds)]


def midnight(day: date, zone: tzinfo) -> datetime:
    """Where a day of the zone begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def period_name(window: Window, zone: tzinfo, *, quarter: bool = False) -> str:
    """`2026-03` for a month and `2026-Q1` for a quarter of the zone, as evidence names them."""
    local = window.start.astimezone(zone)
    return f"{local.year}-Q{(local.month + 2) // 3}" if quarter else f"{local:%Y-%m}"


def _divided(number: int) -> tuple[int, int]:
    return number // 12, number % 12 + 1


def _first(year: int, number: int, zone: tzinfo) -> datetime:
    """Midnight of the zone on the first of a month; a number above 12 is in the next year."""
    year, number = year + (number - 1) // 12, (number - 1) % 12 + 1
    # in UTC: subtracting two instants of one zone would count by the wall clock
    return datetime(year, number, 1, tzinfo=zone).astimezone(UTC)
