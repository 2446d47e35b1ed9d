"""The states of a page, ranked by what is known. Pure: standard library only; told in docs/paging.md.

accepted (a provider took it) < delivered (the carrier or handset says so) < answered (something picked up, human or
machine) < confirmed (a reply, a key, a tap, a sign-in). These are four facts with four times; the state is the highest
one seen, and an older message from a provider never lowers it.
"""

from __future__ import annotations

PLANNED, CLAIMED, SENDING = "planned", "claimed", "sending"
ACCEPTED, SENT, DELIVERED, ANSWERED, CONFIRMED = "accepted", "sent", "delivered", "answered", "confirmed"
FAILED_PERMANENT, CANCELLED, SUPPRESSED, UNKNOWN = "failed_permanent", "cancelled", "suppressed", "unknown"

RANK: dict[str, int] = {
    PLANNED: 0,
    CLAIMED: 1,
    SENDING: 2,
    UNKNOWN: 2,
    FAILED_PERMANENT: 2,
    CANCELLED: 2,
    SUPPRESSED: 2,
    ACCEPTED: 3,
    SENT: 4,
    DELIVERED: 5,
    ANSWERED: 6,
    CONFIRMED: 7,
}
STATES = tuple(RANK)
TRUTHS = (ACCEPTED, SENT, DELIVERED, ANSWERED, CONFIRMED)
# Not begun: an answer cancels these in its own transaction.
WAITING = (PLANNED, CLAIMED)
# One message that says several pages at once; it belongs to no run, each of the pages it carries to its own.
BUNDLE = "bundle"
# Why a planned page waits: as many as a contact may get went out lately.
THROTTLED = "throttled"
# Occasions that come after an answer, so nothing refuses them, and nobody was paged by them.
TAKEN = "taken"
AFTERWARDS = ("stand_down", "update", TAKEN)
# Occasions of letters about somebody's own shifts; nobody is paged by them.
LETTERS = ("handoff", "swap")
# Taken by the provider, or about to be, and not picked up yet.
UNDER_WAY = (SENDING, UNKNOWN, ACCEPTED, SENT, DELIVERED)
# How a call ends that nobody answered with a key. The page keeps its truths: that it rang, that something picked up.
BUSY, NO_ANSWER, NO_KEY, CANCELED = "busy", "no_answer", "no_key", "canceled"
UNHEARD = (BUSY, NO_ANSWER, NO_KEY, CANCELED)
# Still able to reach the person, or already there.
HOPEFUL = (PLANNED, CLAIMED, SENDING, UNKNOWN, *TRUTHS)

_MOVES: dict[tuple[str, str], str] = {
    (PLANNED, "claim"): CLAIMED,
    (CLAIMED, "release"): PLANNED,
    (CLAIMED, "begin"): SENDING,
    **{(state, "carry"): CLAIMED for state in (PLANNED, CLAIMED)},
    (SENDING, "lose"): UNKNOWN,
    (UNKNOWN, "lose"): UNKNOWN,
    **{(state, "cancel"): CANCELLED for state in (PLANNED, CLAIMED, UNKNOWN)},
    **{(state, "suppress"): SUPPRESSED for state in (PLANNED, CLAIMED)},
    **{(state, "retry"): PLANNED for state in (SENDING, UNKNOWN, ACCEPTED, SENT)},
    **{(state, "fail"): FAILED_PERMANENT for state in (CLAIMED, SENDING, UNKNOWN, ACCEPTED, SENT)},
    # a call may ring before the line turns out to be busy
    **{(state, "redial"): PLANNED for state in (SENDING, UNKNOWN, ACCEPTED, SENT, DELIVERED)},
}


class IllegalMove(ValueError):
    """A page was asked for a move its state does not allow."""


def move(state: str, event: str) -> str:
    """Return the state after one of our own events; raise `IllegalMove` when the table has no such row."""
    try:
        return _MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"A page that is {state} cannot {event}.") from None


def allows(state: str, event: str) -> bool:
    """Whether `move` would answer."""
    return (state, event) in _MOVES


def learn(state: str, truth: str) -> str:
    """Return the state after a truth became known: the higher of the two, whatever order they came in.

    A page we had given up, or were about to send again, is lifted too: what the handset says outranks our guess.
    """
    if truth not in TRUTHS:
        raise IllegalMove(f"{truth!r} is not a fact about a page.")
    return truth if RANK[truth] > RANK[state] else state


def ends(state: str, kind: str) -> bool:
    """Whether nothing more needs to happen. For channels without receipts, being accepted is the end.

    A call that rings or was picked up goes on until it ends or a key is pressed. `unknown` is an end only once
    reconciling is over. In both cases the row says so by `ended_at`.
    """
    if kind in CALLS and state in (DELIVERED, ANSWERED):
        return False
    if state in (DELIVERED, ANSWERED, CONFIRMED, FAILED_PERMANENT, CANCELLED, SUPPRESSED):
        return True
    return state == ACCEPTED and kind in WITHOUT_RECEIPTS


WITHOUT_RECEIPTS = ("email", "webhook", "pagerduty", "slack")
# What was sent over these follows the subject: an answer changes it, by a page of origin `update`.
FOLLOWING = ("pagerduty", "slack")
# Of these, the ones where the update itself says that it is over; no stand-down need follow.
ENDS_WITH = ("pagerduty",)
CALLS = ("voice",)
