"""The nouns of a schedule, frozen. They do not validate: `oncall.rota.problems` does, before one is kept.

Instants are aware and in UTC; what is read from a wall is naive. docs/schedules.md says what each part means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import NamedTuple

PRIMARY, SECONDARY = "primary", "secondary"
ROLES = (PRIMARY, SECONDARY)
EVERY_DAY = frozenset(range(7))


class Unit(StrEnum):
    """What the lengths of turns are counted in."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


class Kind(StrEnum):
    """What an override does to those who are on call without it."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, known by `id` alone; the name is for sentences."""

    id: str
    name: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Rotation:
    """How long turns are: one length, or a cycle of several that repeats, such as 4 and 3 days."""

    unit: Unit
    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """Who takes turns, in order, from the first hand-off at or after `since` on; None: from the first turn.

    at_once: whoever holds the running turn and is not in the list any more hands over at `since`, not at the hand-off.
    """

    people: tuple[Person, ...]
    since: datetime | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the day in which a layer counts. days: weekdays it begins on, Monday is 0.

    It ends at the next `ends` after `starts`, so over midnight if that is earlier, and a day later if it is the same.
    """

    starts: time
    ends: time
    days: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Layer:
    """One rotation. start: the first hand-off on the wall of `zone`. Counts in `[since, until)` and, if there are
    restrictions, within them only. Of the layers of a role the one with the lowest `order` that has somebody answers.
    """

    id: str
    name: str
    order: int
    zone: str
    rotation: Rotation
    start: datetime
    members: tuple[Members, ...]
    restrictions: tuple[Hours, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    role: str = PRIMARY


@dataclass(frozen=True, slots=True)
class Override:
    """A change of who is on call in `[start, end)`, made by `by`. number: its place in the order in which they were made.
    swap: public id of the swap that it carries out, if it does.

    replace: `who` instead of `whom`, or of everybody and nobody if `whom` is None. add: `who` too. remove: not `whom`.
    """

    id: str
    number: int
    kind: Kind
    start: datetime
    end: datetime
    by: Person
    who: Person | None = None
    whom: Person | None = None
    role: str = PRIMARY
    swap: str = ""


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody cannot in `[start, end)`. It is held against shifts (`oncall.rota.conflicts`) and changes none."""

    id: str
    person: Person
    start: datetime
    end: datetime
    what: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers and overrides. zone: the one in which it is shown and in which nights and weekends are counted."""

    id: str
    name: str
    zone: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()

    def layers_of(self, role: str) -> list[Layer]:
        """The layers of a role in the order in which they are asked; the first is "layer 1"."""
        return sorted((layer for layer in self.layers if layer.role == role), key=lambda layer: (layer.order, layer.id))

    def roles(self) -> list[str]:
        """The roles that somebody can have in it, primary first."""
        used = {layer.role for layer in self.layers} | {override.role for override in self.overrides}
        return [role for role in ROLES if role in used] + sorted(used - set(ROLES))


@dataclass(frozen=True, slots=True)
class Turn:
    """The `number`th turn of a layer, counted from 1, with its own bounds, whatever overrides and restrictions leave of it.

    taken_from: who gave up the rest of it, where a change of members took effect at once.
    """

    layer: str
    number: int
    start: datetime
    end: datetime
    taken_from: Person | None = None


@dataclass(frozen=True, slots=True)
class OnCall:
    """A person who is on call, by a turn, by an override, or by an override that hands over a turn (`instead_of`)."""

    person: Person
    turn: Turn | None = None
    override: Override | None = None
    instead_of: tuple[Person, ...] = ()


class Shift(NamedTuple):
    """Who is on call in `[start, end)`; nobody is a gap. Bounds are those of the answer, a turn's own are in its `turn`."""

    start: datetime
    end: datetime
    role: str
    on_call: tuple[OnCall, ...]

    @property
    def people(self) -> tuple[Person, ...]:
        """Who is on call, in the order in which they came to be."""
        return tuple(one.person for one in self.on_call)

    @property
    def is_gap(self) -> bool:
        """Whether nobody is on call."""
        return not self.on_call
