"""A policy as a ladder: who is paged how long after the fault, loop by loop. Standard library only."""

from collections.abc import Iterator
from dataclasses import dataclass

from oncall.escalation.policy import FrozenPolicy


@dataclass(frozen=True)
class Rung:
    """One step in one walk of the chain; `after_s` counts from the start of the run."""

    loop: int
    step: int
    after_s: int
    people: tuple[str, ...]


def rungs(policy: FrozenPolicy) -> Iterator[Rung]:
    """Every rung of every walk, in the order in which they are climbed while nobody answers."""
    after = 0
    for loop in range(1, policy.loops + 1):
        for number, step in enumerate(policy.steps, 1):
            yield Rung(loop, number, after, step.people)
            after += step.delay_s


def ends_after(policy: FrozenPolicy) -> int:
    """Seconds until the chain is at its end and the catch-all is called, if everybody can be reached."""
    return policy.loops * sum(step.delay_s for step in policy.steps)


def without(policy: FrozenPolicy, person: str) -> list[int]:
    """Numbers of the steps that would page nobody if this person were gone."""
    return [number for number, step in enumerate(policy.steps, 1) if set(step.people) == {person}]
