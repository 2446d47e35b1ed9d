"""When a monitor is checked: a fixed grid of instants, and the slots of one planning window.

Every monitor has a grid `phase + k × interval` since the epoch. The phase comes from its id, so that a
thousand monitors made at once are spread over the interval and stay where they are across restarts.
Pure, standard library only.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A row of the timetable. extra: the next slot lies off the grid, as a first check or a retry does."""

    next_due_at: datetime
    interval_s: int
    phase_ms: int
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """The slots of one window, and where the row stands afterwards. skipped: grid slots lay in the past."""

    planned: tuple[tuple[datetime, bool], ...]
    next_due_at: datetime
    skipped: bool = False


def phase_of(public_id: str, interval_s: int) -> int:
    """Milliseconds into the interval at which this monitor's slots lie."""
    return zlib.crc32(public_id.encode()) % (interval_s * 1000)


def next_slot(after: datetime, interval_s: int, phase_ms: int) -> datetime:
    """The first instant of the grid later than `after`."""
    interval = interval_s * 1000
    elapsed = (after - EPOCH) // MS
    return EPOCH + ((elapsed - phase_ms) // interval * interval + interval + phase_ms) * MS


def horizon(now: datetime, window_s: float) -> datetime:
    """The end of the windows to be claimed at `now`.

    Windows are aligned. One is claimed two fifths of its length ahead, so that its first slots are with a
    probe before they are due although the tick comes only each second.
    """
    window_ms = max(int(window_s * 1000), 1)
    ahead = (now - EPOCH) // MS + window_ms * 2 // 5
    return EPOCH + (ahead // window_ms + 1) * window_ms * MS


def claim(due: Due, now: datetime, until: datetime) -> Claim:
    """The slots of `due` before `until`, each with whether it is extra.

    An extra slot that is overdue runs now. Grid slots in the past are left out: after a stop the engine
    goes on at the next future slot and never catches up in a burst.
    """
    planned: list[tuple[datetime, bool]] = []
    slot, skipped = due.next_due_at, False
    if due.extra:
        planned.append((_whole(max(slot, now)), True))
        slot = next_slot(planned[0][0], due.interval_s, due.phase_ms)
    elif slot < now:
        slot, skipped = next_slot(now - MS, due.interval_s, due.phase_ms), True
    while slot < until:
        planned.append((slot, False))
        slot = next_slot(slot, due.interval_s, due.phase_ms)
    return Claim(tuple(planned), slot, skipped)


def _whole(moment: datetime) -> datetime:
    """The next whole millisecond, the grain of all slots."""
    return EPOCH - (EPOCH - moment) // MS * MS


def plans(counts: Iterable[tuple[int, int]], limit: int) -> Iterator[list[int]]:
    """Group monitors, given as (id, number of slots), into plans of at most `limit` slots.

    A monitor's slots stay together, so that one probe hands its results over in order; a monitor with
    more slots than the limit has a plan of its own.
    """
    group: list[int] = []
    held = 0
    for monitor_id, slots in counts:
        if group and held + slots > limit:
            yield group
            group, held = [], 0
        group.append(monitor_id)
        held += slots
    if group:
        yield group
