"""What does not fit together, said and never mended silently. docs/schedules.md, "Conflicts"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from oncall.rota.calendar import Window
from oncall.rota.resolve import shifts
from oncall.rota.schedule import Absence, Person, Schedule


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody is on call in `[start, end)` while absent, or, without an absence, in two roles at once."""

    start: datetime
    end: datetime
    person: Person
    roles: tuple[str, ...]
    absence: Absence | None = None


def absent(schedule: Schedule, within: Window, absences: Iterable[Absence]) -> list[Conflict]:
    """The stretches of a window in which somebody has a shift and cannot, by time."""
    held = {role: _held(schedule, within, role) for role in schedule.roles()}
    found = [
        Conflict(*both, absence.person, (role,), absence)
        for absence in absences
        for role in held
        for stretch in held[role].get(absence.person, ())
        if (both := _both(stretch, Window(absence.start, absence.end)))
    ]
    return sorted(found, key=lambda one: (one.start, one.person.id, one.roles))


def doubled(schedule: Schedule, within: Window) -> list[Conflict]:
    """The stretches of a window in which one person has two roles, and so is their own back-up."""
    held = {role: _held(schedule, within, role) for role in schedule.roles()}
    found = [
        Conflict(*both, person, (one, two))
        for one, two in combinations(held, 2)
        for person in held[one]
        for stretch in held[one][person]
        for other in held[two].get(person, ())
        if (both := _both(stretch, other))
    ]
    return sorted(found, key=lambda one: (one.start, one.person.id, one.roles))


def _held(schedule: Schedule, within: Window, role: str) -> dict[Person, list[Window]]:
    """When each person is on call, joined where shifts touch."""
    held: dict[Person, list[Window]] = {}
    for shift in shifts(schedule, within, role):
        for person in shift.people:
            stretches = held.setdefault(person, [])
            if stretches and stretches[-1].end == shift.start:
                stretches[-1] = Window(stretches[-1].start, shift.end)
            else:
                stretches.append(Window(shift.start, shift.end))
    return held


def _both(one: Window, two: Window) -> Window | None:
    start, end = max(one.start, two.start), min(one.end, two.end)
    return Window(start, end) if start < end else None
