"""The schedule clock: from the clock on the wall of a zone to instants. docs/schedules.md, "The clock of a schedule".

A schedule reads a wall clock that never goes back. Something due at a wall time happens at the first instant at which
the wall shows that time or a later one: what spring leaves out is due when the gap is over, all of it at once, and
what autumn shows twice is due the first time only. So later wall times never come earlier, which is what keeps hand-offs in order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

INSTANT, NO_OFFSET = timedelta(microseconds=1), timedelta(0)
EPOCH, EPOCH_ON_WALL = datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1)  # noqa: DTZ001 - a wall has no offset


class Window(NamedTuple):
    """A half-open stretch `[start, end)` of time, both in UTC."""

    start: datetime
    end: datetime


def window(start: datetime, end: datetime) -> Window:
    """Two aware datetimes of any zone as a window. Raises ValueError if the end is not later than the start."""
    made = Window(start.astimezone(UTC), end.astimezone(UTC))
    if made.start >= made.end:
        raise ValueError("A window ends later than it starts.")
    return made


def wall_at(at: datetime, zone: ZoneInfo) -> datetime:
    """What the wall shows at an instant: naive, and the same for both passes of a repeated hour."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the wall shows the naive `wall` or later."""
    at = _read(wall, wall, zone)
    return at if at.astimezone(zone).utcoffset() == zone.utcoffset(wall) else _end_of_gap(wall, zone)


def _read(wall: datetime, as_of: datetime, zone: ZoneInfo) -> datetime:
    """The wall time as an instant, by the offset that `as_of` has: arithmetic, because `replace` costs several times as much."""
    return EPOCH + (wall - EPOCH_ON_WALL - (zone.utcoffset(as_of) or NO_OFFSET))


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the wall jumped over `wall`: read with the offset after the jump it lies before it, and the other way round."""
    before = _read(wall, wall.replace(fold=1), zone)
    after = _read(wall, wall, zone)
    while after - before > INSTANT:
        middle = before + (after - before) / 2
        if wall_at(middle, zone) < wall:
            before = middle
        else:
            after = middle
    return after
