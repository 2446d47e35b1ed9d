"""What an edit does before it is made: who comes and goes, who gains hours, which holes open. docs/schedules.md, "Before and after"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from oncall.rota.calendar import Window
from oncall.rota.conflicts import Conflict, doubled
from oncall.rota.difference import Change, difference
from oncall.rota.schedule import Person, Schedule

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Balance:
    """How much longer somebody is on call after an edit than before it; shorter if negative."""

    person: Person
    gained: timedelta

    @property
    def length(self) -> timedelta:
        """The difference without its sign."""
        return abs(self.gained)

    @property
    def loses(self) -> bool:
        """Whether it is less than before."""
        return self.gained < NOTHING


@dataclass(frozen=True, slots=True)
class Effects:
    """Two versions of a schedule compared over a window.

    changes: where other people are on call, by time. opened, closed: those of them after which, or before which, there is
    nobody. doubled: people who would be their own back-up and were not.
    """

    within: Window
    changes: tuple[Change, ...]
    balances: tuple[Balance, ...]
    doubled: tuple[Conflict, ...]

    @property
    def opened(self) -> tuple[Change, ...]:
        """Holes that the edit makes."""
        return tuple(one for one in self.changes if not one.after)

    @property
    def closed(self) -> tuple[Change, ...]:
        """Holes that the edit fills."""
        return tuple(one for one in self.changes if not one.before)

    @property
    def at_once(self) -> tuple[Change, ...]:
        """Changes of who is on call at the very beginning of the window."""
        return tuple(one for one in self.changes if one.start <= self.within.start)

    @property
    def newcomers(self) -> tuple[Person, ...]:
        """Who comes on call anywhere, each once."""
        return tuple(dict.fromkeys(person for one in self.changes for person in _come(one)))


def effects(before: Schedule, after: Schedule, within: Window) -> Effects:
    """Compare two versions over a window, in every role that either of them has."""
    roles = dict.fromkeys([*before.roles(), *after.roles()])
    found = [one for role in roles for one in difference(before, after, within, role)]
    changes = tuple(sorted(found, key=lambda one: (one.start, one.role)))
    known = doubled(before, within)
    return Effects(
        within,
        changes,
        tuple(_balances(changes)),
        tuple(one for one in doubled(after, within) if not _covered(one, known)),
    )


def _balances(changes: Iterable[Change]) -> list[Balance]:
    gained: dict[Person, timedelta] = {}
    for one in changes:
        length = one.end - one.start
        for person in _come(one):
            gained[person] = gained.get(person, NOTHING) + length
        for person in _gone(one):
            gained[person] = gained.get(person, NOTHING) - length
    found = [Balance(person, length) for person, length in gained.items() if length]
    return sorted(found, key=lambda one: (-one.gained, one.person.id))


def _come(change: Change) -> list[Person]:
    return [person for person in change.after if person not in change.before]


def _gone(change: Change) -> list[Person]:
    return [person for person in change.before if person not in change.after]


def _covered(one: Conflict, known: Iterable[Conflict]) -> bool:
    return any(
        other.person == one.person and other.roles == one.roles and other.start <= one.start and one.end <= other.end
        for other in known
    )
