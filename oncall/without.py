"""Who a step would still reach if something were gone, over the time to come. Standard library only.

A stretch is a span in which a target stands for the same people. The answer is drawn from the same stretches twice, with the
thing and without it, so that it cannot speak of what would be so anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

NOBODY, FEWER = "nobody", "fewer"


@dataclass(frozen=True)
class Stretch:
    """Some people in `[start, end)`."""

    start: datetime
    end: datetime
    people: frozenset[str]


@dataclass(frozen=True)
class Gone:
    """What is taken away: people, targets of steps (teams and schedules, by id), contacts."""

    people: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Effect:
    """What becomes of one step: `nobody` or `fewer`, from when on, and for how many seconds of the span.

    now: whether that is so at its beginning.
    """

    step: int
    what: str
    first_at: datetime
    seconds: int
    now: bool


def effects(
    steps: Sequence[Sequence[str]],
    stands: Mapping[str, Sequence[Stretch]],
    ways: Mapping[str, Collection[str]],
    gone: Gone,
    *,
    start: datetime,
    end: datetime,
) -> list[Effect]:
    """Return the steps that would reach nobody, or fewer people or ways, in `[start, end)`; each with its worst.

    steps: the targets of each. stands: what each target stands for, tiling the span. ways: contacts that work, by person.
    """
    found = []
    for number, targets in enumerate(steps, 1):
        told = _of_step(targets, stands, ways, gone, start, end)
        for what in (NOBODY, FEWER):
            spans = [(a, b) for a, b, said in told if said == what]
            if spans:
                seconds = int(sum((b - a).total_seconds() for a, b in spans))
                found.append(Effect(number, what, spans[0][0], seconds, spans[0][0] == start))
                break
    return found


def _of_step(
    targets: Sequence[str],
    stands: Mapping[str, Sequence[Stretch]],
    ways: Mapping[str, Collection[str]],
    gone: Gone,
    start: datetime,
    end: datetime,
) -> Iterable[tuple[datetime, datetime, str]]:
    """The step stretch by stretch, with what becomes of it in each: `nobody`, `fewer`, or ""."""
    edges = {at for target in targets for one in stands[target] for at in (one.start, one.end)}
    cuts = sorted({start, end, *(at for at in edges if start < at < end)})
    told = []
    for a, b in pairwise(cuts):
        before = _reached({t: _at(stands[t], a) for t in targets}, ways, Gone())
        after = _reached({t: _at(stands[t], a) for t in targets}, ways, gone)
        what = "" if after == before else NOBODY if not after else FEWER
        told.append((a, b, what))
    return told


def _at(stretches: Sequence[Stretch], at: datetime) -> frozenset[str]:
    return next((one.people for one in stretches if one.start <= at < one.end), frozenset())


def _reached(
    people: Mapping[str, frozenset[str]], ways: Mapping[str, Collection[str]], gone: Gone
) -> set[tuple[str, str]]:
    """Pairs of a person and a contact that the step would use."""
    named = {one for target, some in people.items() if target.partition(".")[0] not in gone.targets for one in some}
    return {(one, way) for one in named - gone.people for way in ways.get(one, ()) if way not in gone.contacts}
