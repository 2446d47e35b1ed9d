"""The states of a monitor, and the one table of moves between them. Standard library only.

Observed states tile a monitor's life; "verifying" and "maintenance" are shown over them and never stored.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What is known of a monitor over a span of time."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    PAUSED = "paused"
    UNKNOWN = "unknown"


class Event(StrEnum):
    """What can happen to a state."""

    GOOD = "good"  # good results, for as long as the rule asks
    BAD = "bad"  # failing results, for as long as the rule asks
    SILENCE = "silence"  # nothing was heard for longer than the last result speaks
    PAUSE = "pause"
    RESUME = "resume"


class Cause(StrEnum):
    """Why a span is unknown."""

    NOT_YET = "not_yet_checked"
    NO_RESULT = "no_result"
    ENGINE_STOPPED = "engine_stopped"
    DEPLOY = "deploy"
    CRASH = "crash"
    HOST_DOWN = "host_down"
    DATABASE = "db"
    CLOCK_STEP = "clock_step"
    OWN_NETWORK = "probe_network"
    PROBE_LOST = "probe_lost"
    ADDRESS_REFUSED = "address_refused"
    NO_MAJORITY = "no_majority"
    RESUMED = "resumed"


CAUSES: dict[str, str] = {
    Cause.NOT_YET: "not checked yet",
    Cause.NO_RESULT: "no result arrived",
    Cause.ENGINE_STOPPED: "no checks ran: the engine was stopped",
    Cause.DEPLOY: "no checks ran: the engine was stopped on purpose",
    Cause.CRASH: "no checks ran: the engine had ended by itself",
    Cause.HOST_DOWN: "no checks ran: the machine was down or asleep",
    Cause.DATABASE: "no checks ran: the database did not answer",
    Cause.CLOCK_STEP: "the clock was put, so what was measured speaks for no time",
    Cause.OWN_NETWORK: "our own network was gone, so nothing was measured",
    Cause.PROBE_LOST: "the checks were planned and lost before they ran",
    Cause.ADDRESS_REFUSED: "its address may not be called, so nothing was measured",
    Cause.NO_MAJORITY: "too few of its locations spoke, or they disagreed",
    Cause.RESUMED: "watched again, not checked yet",
}

MEASURED = frozenset({State.UP, State.DEGRADED, State.DOWN})

MOVES: dict[tuple[State, Event], State] = {
    **{(state, Event.GOOD): State.UP for state in (State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN)},
    **{(state, Event.BAD): State.DOWN for state in (State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN)},
    **{(state, Event.SILENCE): State.UNKNOWN for state in (State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN)},
    **{(state, Event.PAUSE): State.PAUSED for state in (State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN)},
    (State.PAUSED, Event.RESUME): State.UNKNOWN,
}

WORST_FIRST = (State.DOWN, State.DEGRADED, State.UNKNOWN, State.UP, State.PAUSED)


class IllegalMove(ValueError):
    """An event came that means nothing in this state, such as resuming what is not paused."""


def move(state: State, event: Event) -> State:
    """Return the state after `event`. Raises IllegalMove with a sentence."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"A monitor that is {state} cannot take {event!r}.") from None


def worst(states: list[State]) -> State:
    """The state a group shows: the worst of its members; unknown for an empty group."""
    return min(states, key=WORST_FIRST.index, default=State.UNKNOWN)
