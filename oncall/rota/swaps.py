"""How a swap of a shift goes on, and who may move it. docs/swaps.md has the table in words.

requested: somebody cannot, and asks one person or everybody. offered: somebody would take it, perhaps for a shift of
theirs. accepted: both agree, and a second person is still to approve. done: it is in the plan, as overrides.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from oncall.rota.calendar import Window
from oncall.rota.resolve import shifts
from oncall.rota.schedule import PRIMARY, Person, Schedule


class State(StrEnum):
    """Where a swap stands."""

    REQUESTED = "requested"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DONE = "done"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Part(StrEnum):
    """What somebody is to a swap; a person can be several."""

    GIVER = "giver"
    ASKER = "asker"
    ASKED = "asked"
    TAKER = "taker"
    ANYBODY = "anybody"
    MANAGER = "manager"


OPEN = (State.REQUESTED, State.OFFERED, State.ACCEPTED)
ENDS = (State.DONE, State.DECLINED, State.EXPIRED, State.WITHDRAWN)

MOVES: dict[tuple[State, str], State] = {
    (State.REQUESTED, "offer"): State.OFFERED,
    (State.REQUESTED, "decline"): State.DECLINED,
    (State.OFFERED, "accept"): State.ACCEPTED,
    (State.OFFERED, "turn_down"): State.REQUESTED,
    (State.OFFERED, "take_back"): State.REQUESTED,
    (State.ACCEPTED, "approve"): State.DONE,
    (State.ACCEPTED, "refuse"): State.DECLINED,
    **{(state, "withdraw"): State.WITHDRAWN for state in OPEN},
    **{(state, "expire"): State.EXPIRED for state in OPEN},
}

# Time ends a swap; people do everything else. `anybody`: who answers pages, where nobody was asked by name.
MAY: dict[str, frozenset[Part]] = {
    "offer": frozenset({Part.ASKED, Part.ANYBODY, Part.MANAGER}),
    "decline": frozenset({Part.ASKED}),
    "accept": frozenset({Part.GIVER, Part.MANAGER}),
    "turn_down": frozenset({Part.GIVER, Part.MANAGER}),
    "take_back": frozenset({Part.TAKER, Part.MANAGER}),
    "approve": frozenset({Part.MANAGER}),
    "refuse": frozenset({Part.MANAGER}),
    "withdraw": frozenset({Part.GIVER, Part.ASKER, Part.MANAGER}),
}
VERBS = tuple(MAY)


class IllegalMove(ValueError):
    """The swap does not stand where this can be done; the message says where it stands."""


def move(state: str, verb: str) -> State:
    """The state after a verb. Raises IllegalMove."""
    try:
        return MOVES[State(state), verb]
    except KeyError:
        raise IllegalMove(f"The swap is {state}, so nobody can {verb.replace('_', ' ')} it.") from None


def parts(
    person: str, *, giver: str, asker: str, asked: str, taker: str, manages: bool, answers: bool
) -> frozenset[Part]:
    """What a person is to a swap; all by public id, "" for nobody. answers: they answer pages; manages: they edit the schedule."""
    held = {
        part
        for part, who in ((Part.GIVER, giver), (Part.ASKER, asker), (Part.ASKED, asked), (Part.TAKER, taker))
        if who == person
    }
    if manages:
        held.add(Part.MANAGER)
    if answers and not asked and person != giver:
        held.add(Part.ANYBODY)
    return frozenset(held)


def may(verb: str, held: Iterable[Part]) -> bool:
    """Whether somebody who is this to a swap may do the verb, where it stands aside."""
    return bool(MAY[verb] & frozenset(held))


def possible(state: str, held: Iterable[Part]) -> list[str]:
    """What somebody who is this to a swap can do with it now, in the order of the table."""
    known = frozenset(held)
    return [verb for verb in VERBS if (State(state), verb) in MOVES and may(verb, known)]


def holds(schedule: Schedule, person: Person, within: Window, role: str = PRIMARY) -> bool:
    """Whether somebody is on call in all of a window: only such a stretch can be given away."""
    return all(person in shift.people for shift in shifts(schedule, within, role))


def is_free(schedule: Schedule, person: Person, within: Window, role: str = PRIMARY) -> bool:
    """Whether somebody is on call nowhere in a window: who is there already takes nothing over."""
    return not any(person in shift.people for shift in shifts(schedule, within, role))
