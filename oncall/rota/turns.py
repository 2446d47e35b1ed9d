"""Which turn runs when: closed forms, never a walk from the first turn. docs/schedules.md, "Turns and hand-off"."""

from __future__ import annotations

import calendar
from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from oncall.rota.calendar import instant_of, wall_at
from oncall.rota.schedule import Layer, Rotation, Unit

LENGTH = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1), Unit.WEEKS: timedelta(weeks=1)}


def hand_off(layer: Layer, turn: int, zone: ZoneInfo) -> datetime:
    """The instant at which a turn, counted from 0, begins."""
    return instant_of(wall_of_turn(layer.rotation, layer.start, turn), zone)


def turn_at(layer: Layer, at: datetime, zone: ZoneInfo) -> int:
    """The turn, counted from 0, that runs at an instant; negative before the first.

    The wall gives it but for a repeated hour, when the schedule's clock stands still and may be some turns ahead.
    """
    turn = turn_on_wall(layer.rotation, layer.start, wall_at(at, zone))
    while hand_off(layer, turn + 1, zone) <= at:
        turn += 1
    return turn


def first_turn_from(layer: Layer, since: datetime, zone: ZoneInfo) -> int:
    """The first turn that begins at `since` or later."""
    turn = turn_at(layer, since, zone)
    if turn < 0:
        return 0
    while turn and hand_off(layer, turn - 1, zone) == since:  # turns that a gap has left without time begin together
        turn -= 1
    return turn if hand_off(layer, turn, zone) == since else turn + 1


def wall_of_turn(rotation: Rotation, start: datetime, turn: int) -> datetime:
    """The wall time at which a turn begins, by arithmetic on the calendar alone."""
    cycles, rest = divmod(turn, len(rotation.lengths))
    units = cycles * sum(rotation.lengths) + sum(rotation.lengths[:rest])
    if rotation.unit is Unit.MONTHS:
        return _months_later(start, units)
    return start + units * LENGTH[rotation.unit]


def turn_on_wall(rotation: Rotation, start: datetime, wall: datetime) -> int:
    """The turn whose beginning on the wall is the last one not later than `wall`."""
    units = _months_between(start, wall) if rotation.unit is Unit.MONTHS else (wall - start) // LENGTH[rotation.unit]
    cycles, rest = divmod(units, sum(rotation.lengths))
    return cycles * len(rotation.lengths) + bisect_right(list(accumulate(rotation.lengths)), rest)


def _months_later(start: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of a month that has no such day: never drifting from `start`."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1]))


def _months_between(start: datetime, wall: datetime) -> int:
    months = (wall.year - start.year) * 12 + wall.month - start.month
    return months if _months_later(start, months) <= wall else months - 1
