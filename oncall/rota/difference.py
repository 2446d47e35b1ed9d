"""What an edit changes, as stretches and as sentences. docs/schedules.md, "Before and after"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from oncall.rota.calendar import Window
from oncall.rota.resolve import shifts
from oncall.rota.schedule import PRIMARY, Person, Schedule, Shift
from oncall.rota.words import moment, names


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch `[start, end)` in which other people are on call than before. The order of people means nothing."""

    start: datetime
    end: datetime
    role: str
    before: tuple[Person, ...]
    after: tuple[Person, ...]


def difference(before: Schedule, after: Schedule, within: Window, role: str = PRIMARY) -> list[Change]:
    """Where two versions of a schedule name different people in a window, in order; adjoining equal changes are one."""
    found: list[Change] = []
    for start, end, old, new in _together(shifts(before, within, role), shifts(after, within, role)):
        if set(old.people) == set(new.people):
            continue
        change = Change(start, end, role, old.people, new.people)
        last = found[-1] if found else None
        if last and last.end == start and (last.before, last.after) == (change.before, change.after):
            found[-1] = Change(last.start, end, role, last.before, last.after)
        else:
            found.append(change)
    return found


def sentence(change: Change, zone: str, year: int | None = None) -> str:
    """`Mon 12 Jan 09:00 to Mon 19 Jan 09:00: Ben instead of Ana`. The year is told where it is another than `year`."""
    place = ZoneInfo(zone)
    return f"{moment(change.start, place, year)} to {moment(change.end, place, year)}: {_said(change)}"


def _said(change: Change) -> str:
    gone = [person for person in change.before if person not in change.after]
    come = [person for person in change.after if person not in change.before]
    stay = [person for person in change.after if person in change.before]
    if not change.before:
        return f"{names(come)}, where nobody was"
    if stay and not gone:
        return f"{names(come)} as well as {names(stay)}"
    if stay and not come:
        return f"{names(stay)} without {names(gone)}"
    return f"{names(change.after)} instead of {names(change.before)}"


def _together(one: list[Shift], two: list[Shift]) -> Iterator[tuple[datetime, datetime, Shift, Shift]]:
    """Two tilings of a window laid over each other."""
    first = second = 0
    while first < len(one) and second < len(two):
        start = max(one[first].start, two[second].start)
        end = min(one[first].end, two[second].end)
        yield start, end, one[first], two[second]
        first += one[first].end == end
        second += two[second].end == end
