"""Who comes on call, when, until when, and who goes: read off the shifts. docs/swaps.md, "Hand-off"."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from oncall.rota.calendar import INSTANT, Window
from oncall.rota.resolve import looks, on_call, shifts
from oncall.rota.schedule import PRIMARY, Person, Schedule


class Handoff(NamedTuple):
    """Somebody comes on call at `at` who was not just before. until: when they are not any more; None: nobody knows yet.

    leaving: who is not on call any more from `at` on. beside: who has the other roles then, pairs of a role and a person.
    """

    role: str
    at: datetime
    person: Person
    until: datetime | None
    leaving: tuple[Person, ...]
    beside: tuple[tuple[str, Person], ...]


def handoffs(schedule: Schedule, within: Window, role: str = PRIMARY) -> list[Handoff]:
    """Everybody who comes on call in a window, its first and its last instant too, by time.

    A turn that follows one's own, or a reason that changes, is no hand-off: one stays on call.
    """
    looked = Window(within.start - INSTANT, within.end + INSTANT)
    return [
        Handoff(
            role,
            new.start,
            person,
            until(schedule, person, new.start, role),
            tuple(one for one in old.people if one not in new.people),
            _beside(schedule, new.start, role),
        )
        for old, new in pairwise(shifts(schedule, looked, role))
        for person in new.people
        if person not in old.people
    ]


def until(schedule: Schedule, person: Person, at: datetime, role: str) -> datetime | None:
    """Up to when somebody who is on call at `at` stays so without a break; None if no end comes within 400 days."""
    for length in looks():
        for shift in shifts(schedule, Window(at, at + length), role):
            if person not in shift.people:
                return shift.start
    return None


def _beside(schedule: Schedule, at: datetime, role: str) -> tuple[tuple[str, Person], ...]:
    others = (other for other in schedule.roles() if other != role)
    return tuple((other, person) for other in others for person in on_call(schedule, at, other).people)
