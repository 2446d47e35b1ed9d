"""The states of a delivery and the words for its reasons. Pure: standard library only; told in docs/webhooks.md."""

from __future__ import annotations

PLANNED, SENDING, DELIVERED, FAILED = "planned", "sending", "delivered", "failed"
STATES = (PLANNED, SENDING, DELIVERED, FAILED)
ENDED = (DELIVERED, FAILED)

_MOVES: dict[tuple[str, str], str] = {
    (PLANNED, "begin"): SENDING,
    (PLANNED, "fail"): FAILED,
    (SENDING, "deliver"): DELIVERED,
    (SENDING, "retry"): PLANNED,
    (SENDING, "fail"): FAILED,
    (DELIVERED, "replay"): PLANNED,
    (FAILED, "replay"): PLANNED,
}

REASONS: dict[str, str] = {
    "": "",
    "retry": "the last attempt failed; it is tried again",
    "gone": "the receiver answered 410 Gone; the endpoint is paused",
    "refused": "the receiver refused it again and again",
    "retries_exhausted": "every attempt of 24 hours failed",
    "expired": "the endpoint was paused for too long",
    "retired": "the endpoint was retired",
    "replayed": "sent again on request",
}


class IllegalMove(ValueError):
    """A delivery was asked for a move its state does not allow."""


def move(state: str, event: str) -> str:
    """Return the state after an event; raise `IllegalMove` when the table has no such row."""
    try:
        return _MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"A delivery that is {state} cannot {event}.") from None
