"""How many checks a stretch of time should have seen, from the settings that were in force, and where none ran.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitors.slots import MS, next_slot, phase_of

SHORTEST_GAP = timedelta(minutes=1)
Mark = tuple[datetime, datetime]  # first and last check of a stretch without a gap


@dataclass(frozen=True)
class Version:
    """One version of a monitor's settings, in force from `since` to the next one. idle: paused or retired."""

    since: datetime
    interval_s: int
    idle: bool


def expected_slots(public_id: str, versions: Sequence[Version], start: datetime, end: datetime) -> int:
    """Slots of a monitor's timetable in `[start, end)`, from its versions in order; none while it was idle."""
    return sum(_slots(public_id, interval_s, first, until) for interval_s, first, until in _spans(versions, start, end))


def during(versions: Sequence[Version], since: datetime | None, until: datetime | None) -> list[Version]:
    """The versions that were in force in `[since, until)`, where a monitor was checked from a place; None: no bound."""
    ends: list[datetime | None] = [*(version.since for version in versions[1:]), None]
    found = []
    for version, end in zip(versions, ends, strict=True):
        first = version.since if since is None else max(version.since, since)
        last = until if end is None else end if until is None else min(end, until)
        if last is None or first < last:
            found.append(replace(version, since=first))
    return found if until is None or not found else [*found, Version(until, found[-1].interval_s, True)]


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


def marks(instants: Iterable[datetime]) -> list[Mark]:
    """Checks as stretches without a gap inside, in order."""
    found: list[Mark] = []
    for at in sorted(instants):
        if found and at - found[-1][1] < SHORTEST_GAP:
            found[-1] = found[-1][0], at
        else:
            found.append((at, at))
    return found


def has_gap(instants: Iterable[datetime], start: datetime, end: datetime) -> bool:
    """Whether `[start, end)` may hold a gap, also one that reaches over an edge: half of one is enough there."""
    found = marks(instants)
    return len(found) != 1 or found[0][0] - start >= SHORTEST_GAP / 2 or end - found[0][1] >= SHORTEST_GAP / 2


def longest_gap_s(found: Sequence[Mark], start: datetime, end: datetime) -> int:
    """The longest stretch of `[start, end)` without a check, in seconds; 0 for less than a minute."""
    begins = [*(first for first, _ in found), end]
    ends = [start, *(last for _, last in found)]
    longest = max((began - ended for ended, began in zip(ends, begins, strict=True)), default=timedelta(0))
    return int(longest.total_seconds()) if longest >= SHORTEST_GAP else 0
