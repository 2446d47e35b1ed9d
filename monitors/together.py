"""Several monitors as one thing: at each instant the worst of their states. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from monitors.states import State, worst


class Span(Protocol):
    """A stretch of one monitor's life, `[start, end)`."""

    @property
    def start(self) -> datetime:
        """Where it begins."""

    @property
    def end(self) -> datetime:
        """Where the next one begins."""

    @property
    def state(self) -> State:
        """The state that held."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the one state that all of them come to, `[start, end)`."""

    state: State
    start: datetime
    end: datetime


def together(lives: Iterable[Iterable[Span]]) -> list[Stretch]:
    """The spans of any number of monitors as one life, in order; neighbours differ in state.

    An instant at which none of them lived is in no stretch; `unbroken` says what it was.
    """
    moves: list[tuple[datetime, int, State]] = []
    for life in lives:
        for span in life:
            if span.start < span.end:
                moves += [(span.start, 1, span.state), (span.end, -1, span.state)]
    moves.sort(key=lambda move: move[0])
    found: list[Stretch] = []
    held: Counter[State] = Counter()
    for index, (at, step, state) in enumerate(moves):
        held[state] += step
        until = moves[index + 1][0] if index + 1 < len(moves) else at
        there = [one for one, count in held.items() if count]
        if at < until and there:
            _join(found, Stretch(worst(there), at, until))
    return found


def unbroken(life: list[Stretch], until: datetime) -> list[Stretch]:
    """The same with every gap said to be unknown, from its first stretch to `until`: silence is never up."""
    found: list[Stretch] = []
    for one in life:
        if found and found[-1].end < one.start:
            _join(found, Stretch(State.UNKNOWN, found[-1].end, one.start))
        _join(found, one)
    if found and found[-1].end < until:
        _join(found, Stretch(State.UNKNOWN, found[-1].end, until))
    return found


def _join(found: list[Stretch], new: Stretch) -> None:
    """Add a stretch, or lengthen the last one if it goes on in the same state."""
    if found and found[-1].state == new.state and found[-1].end == new.start:
        found[-1] = replace(found[-1], end=new.end)
    else:
        found.append(new)
