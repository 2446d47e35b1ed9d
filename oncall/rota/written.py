"""Parts of a schedule as they are written down: walls, hours and rotations as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from oncall.rota.problems import ScheduleError
from oncall.rota.schedule import Hours, Rotation, Unit

WALL, TIME = "%Y-%m-%dT%H:%M", "%H:%M"


def read_wall(text: str) -> datetime:
    """`2026-01-05T09:00` as a time on a wall. Raises ScheduleError about `starts`."""
    try:
        return datetime.strptime(text, WALL)  # noqa: DTZ007 - a wall time has no offset
    except ValueError:
        raise ScheduleError({"starts": "Write the first hand-off as 2026-01-05T09:00, on the layer's wall."}) from None


def wall_text(wall: datetime) -> str:
    """The form that `read_wall` reads."""
    return wall.strftime(WALL)


def read_rotation(unit: str, lengths: Sequence[int]) -> Rotation:
    """A unit and its lengths. Raises ScheduleError about `unit`."""
    try:
        return Rotation(Unit(unit), tuple(lengths))
    except ValueError:
        raise ScheduleError({"unit": f"Turns are counted in {', '.join(Unit)}."}) from None


def read_hours(raw: Sequence[Mapping[str, Any]]) -> tuple[Hours, ...]:
    """`[{"starts": "09:00", "ends": "17:00", "days": [0, 1]}]` as restrictions. Raises ScheduleError about `restrictions`."""
    return tuple(
        Hours(_read_time(index, one["starts"]), _read_time(index, one["ends"]), frozenset(one["days"]))
        for index, one in enumerate(raw)
    )


def hours_to_json(restrictions: Sequence[Hours]) -> list[dict[str, Any]]:
    """The shape that `read_hours` reads, days in order."""
    return [
        {"starts": hours.starts.strftime(TIME), "ends": hours.ends.strftime(TIME), "days": sorted(hours.days)}
        for hours in restrictions
    ]


def _read_time(index: int, text: str) -> time:
    try:
        return datetime.strptime(text, TIME).time()  # noqa: DTZ007
    except ValueError:
        raise ScheduleError({f"restrictions.{index}": "Write times of day as 09:00; midnight is 00:00."}) from None
