"""The life of a service without a hole: what nobody watched is said to be unknown. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from monitors.states import State


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the one state that all monitors of a service come to, `[start, end)`."""

    state: State
    start: datetime
    end: datetime


def unbroken(life: list[Stretch], until: datetime) -> list[Stretch]:
    """The stretches with every gap said to be unknown, from the first one to `until`: silence is never up."""
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
