"""Who was on call: what was recorded, and what two people agreed was wrong. docs/schedules.md, "When the record is wrong"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from oncall.rota.calendar import Window
from oncall.rota.schedule import Person


@dataclass(frozen=True, slots=True)
class Fact:
    """One recorded interval of a role: a person, or nobody. `end` of one that goes on: the end of what is looked at."""

    id: str
    start: datetime
    end: datetime
    person: Person | None


@dataclass(frozen=True, slots=True)
class Correction:
    """In `[start, end)` these people were on call, whoever is on record. The one decided last holds where two meet."""

    id: str
    start: datetime
    end: datetime
    people: tuple[Person, ...]
    decided_at: datetime


class Lived(NamedTuple):
    """Who was on call in `[start, end)`: nobody is (), None is not on record. facts: ids, or the one of a correction."""

    start: datetime
    end: datetime
    people: tuple[Person, ...] | None
    facts: tuple[str, ...]
    correction: str = ""


def lived(facts: Sequence[Fact], corrections: Sequence[Correction], within: Window) -> list[Lived]:
    """What the facts of one role come to in a window, in stretches that tile it."""
    found: list[Lived] = []
    for piece in _pieces(facts, corrections, within):
        last = found[-1] if found else None
        if last and last[2:] == piece[2:]:
            found[-1] = last._replace(end=piece.end)
        else:
            found.append(piece)
    return found


def _pieces(facts: Sequence[Fact], corrections: Sequence[Correction], within: Window) -> Iterator[Lived]:
    edges = {edge for fact in facts for edge in (fact.start, fact.end)} | set(within)
    edges |= {edge for one in corrections for edge in (one.start, one.end)}
    ordered = sorted(facts, key=lambda fact: fact.start)
    active: list[Fact] = []
    following = 0
    for start, end in pairwise(sorted(edge for edge in edges if within.start <= edge <= within.end)):
        while following < len(ordered) and ordered[following].start <= start:
            active.append(ordered[following])
            following += 1
        active = [fact for fact in active if fact.end > start]
        covering = [one for one in corrections if one.start <= start < one.end]
        if covering:
            holds = max(covering, key=lambda one: (one.decided_at, one.id))
            yield Lived(start, end, holds.people, (), holds.id)
        elif active:
            people = tuple(fact.person for fact in active if fact.person is not None)
            yield Lived(start, end, people, tuple(fact.id for fact in active))
        else:
            yield Lived(start, end, None, ())
