"""How many checks a stretch of time should have seen, from the settings that were in force. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitors.slots import MS, next_slot, phase_of


@dataclass(frozen=True)
class Version:
    """One version of a monitor's settings, in force from `since` to the next one. idle: paused or retired."""

    since: datetime
    interval_s: int
    idle: bool


def expected_slots(public_id: str, versions: Sequence[Version], start: datetime, end: datetime) -> int:
    """Slots of a monitor's timetable in `[start, end)`, from its versions in order; none while it was idle."""
    return sum(_slots(public_id, interval_s, first, until) for interval_s, first, until in _spans(versions, start, end))


def was_active(versions: Sequence[Version], start: datetime, end: datetime) -> bool:
    """Whether the monitor was to be checked at any time of `[start, end)`."""
    return any(_spans(versions, start, end))


def _spans(versions: Sequence[Version], start: datetime, end: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    ends = [*(version.since for version in versions[1:]), end]
    for version, until in zip(versions, ends, strict=False):
        first, last = max(version.since, start), min(until, end)
        if not version.idle and first < last:
            yield version.interval_s, first, last


def _slots(public_id: str, interval_s: int, first: datetime, until: datetime) -> int:
    """Points of the grid in `[first, until)`: the grid is counted, not the length divided, so that days add up."""
    phase_ms = phase_of(public_id, interval_s)
    # the first point at or after each bound; their distance is a whole number of intervals
    begins, ends = (next_slot(bound - MS, interval_s, phase_ms) for bound in (first, until))
    return (ends - begins) // timedelta(seconds=interval_s)
