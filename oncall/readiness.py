"""Can a person be reached, over what, and how soon? Standard library only; in words in docs/paging.md.

The grid is drawn from what `reach` answers, the function by which steps page people, so it cannot promise what would not
happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from oncall.escalation.reach import LAST_RESORT, Line, Reach

READY, PARTLY, NOT_REACHABLE = "ready", "partly", "not_reachable"
# Mail and phones reach people whatever else they use.
EXPECTED = ("email", "sms", "voice")
STATES = (READY, PARTLY, NOT_REACHABLE)

# Why a channel is not, or not fully, counted on.
NO_CONTACT, NOT_VERIFIED, BROKEN, OPTED_OUT = "no_contact", "not_verified", "broken", "opted_out"
NOT_IN_RULES, NOT_SET_UP, INACTIVE, NOT_TESTED = "not_in_rules", "not_set_up", "inactive", "not_tested"
REASONS = (NO_CONTACT, NOT_VERIFIED, BROKEN, OPTED_OUT, NOT_IN_RULES, NOT_SET_UP, INACTIVE, NOT_TESTED)
# What makes a channel that is used less than ready.
AMISS = (NOT_VERIFIED, BROKEN, NOT_TESTED)


@dataclass(frozen=True)
class Way:
    """One contact in force. name: its mask, with what the person calls it. proven: lately enough, if it can be."""

    id: str
    channel: str
    name: str
    verified: bool
    healthy: bool
    proven: bool = True


@dataclass(frozen=True)
class Call:
    """One page that a step would make: over which contact, how many seconds after the step."""

    contact: str
    name: str
    delay_s: int


@dataclass(frozen=True)
class Fault:
    """Why something is not counted on: one of REASONS, and of which contact; empty for the channel or the person."""

    reason: str
    name: str = ""


@dataclass(frozen=True)
class Cell:
    """One channel for one urgency. `first_s`: when it would first be used; None when it would not."""

    channel: str
    state: str
    first_s: int | None
    calls: tuple[Call, ...]
    why: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Row:
    """One urgency: how the person is reached at all, when first, and channel by channel."""

    urgency: str
    state: str
    first_s: int | None
    how: str
    source: str
    cells: tuple[Cell, ...]


def grid(
    ways: Sequence[Way], found: Mapping[str, Reach], left_out: Mapping[str, frozenset[str]], ready: Iterable[str]
) -> list[Row]:
    """Return a row an urgency with a cell for each channel that everybody should have, and for those the person has beside.

    found: what `reach` says by urgency. left_out: contacts opted out of, by urgency. ready: channels that are set up.
    """
    set_up = set(ready)
    channels = list(dict.fromkeys([*EXPECTED, *(way.channel for way in ways)]))
    return [
        _row(urgency, said, ways, left_out.get(urgency, frozenset()), channels, set_up)
        for urgency, said in found.items()
    ]


def _row(
    urgency: str, said: Reach, ways: Sequence[Way], left_out: frozenset[str], channels: Sequence[str], set_up: set[str]
) -> Row:
    cells = tuple(_cell(channel, said, ways, left_out, channel in set_up) for channel in channels)
    working = [cell for cell in cells if cell.state != NOT_REACHABLE]
    first = min((cell.first_s for cell in working if cell.first_s is not None), default=None)
    states = {cell.state for cell in working}
    return Row(
        urgency,
        next((state for state in STATES if state in states), NOT_REACHABLE),
        first,
        said.how,
        said.source,
        cells,
    )


def _cell(channel: str, said: Reach, ways: Sequence[Way], left_out: frozenset[str], set_up: bool) -> Cell:
    held = [way for way in ways if way.channel == channel]
    names = {way.id: way.name for way in held}
    lines = [line for line in said.lines if line.kind == channel]
    calls = tuple(Call(line.contact, names.get(line.contact, ""), line.delay_s) for line in lines)
    why = tuple(dict.fromkeys(_faults(held, lines, said, left_out)))
    if not set_up:
        return Cell(channel, NOT_REACHABLE, None, calls, (Fault(NOT_SET_UP), *why))
    if not any(line.rule != LAST_RESORT for line in lines):
        return Cell(channel, NOT_REACHABLE, None, calls, why)
    first = min(line.delay_s for line in lines)
    amiss = tuple(fault for fault in why if fault.reason in AMISS)
    return Cell(channel, PARTLY if amiss else READY, first, calls, amiss)


def _faults(held: Sequence[Way], lines: Sequence[Line], said: Reach, left_out: frozenset[str]) -> Iterable[Fault]:
    """Why contacts of a channel are not used, or not to be counted on."""
    if said.absent == INACTIVE:
        yield Fault(INACTIVE)
        return
    if not held:
        yield Fault(NO_CONTACT)
    used = {line.contact for line in lines}
    for way in held:
        if said.how == OPTED_OUT or way.id in left_out:
            yield Fault(OPTED_OUT, way.name)
        elif not way.verified:
            yield Fault(NOT_VERIFIED, way.name)
        elif not way.healthy:
            yield Fault(BROKEN, way.name)
        elif way.id not in used:
            yield Fault(NOT_IN_RULES, way.name)
        elif not way.proven:
            yield Fault(NOT_TESTED, way.name)
