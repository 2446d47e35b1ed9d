"""The states of an escalation run and the only moves between them. Pure: standard library only.

The table is told in words in docs/paging.md.
"""

from __future__ import annotations

from oncall.notify.states import AFTERWARDS, TAKEN

RUNNING, PAUSED, STOPPED = "running", "paused", "stopped"
EXHAUSTED, NOBODY_NOTIFIED, FAILED = "exhausted", "nobody_notified", "failed"
STATES = (RUNNING, PAUSED, STOPPED, EXHAUSTED, NOBODY_NOTIFIED, FAILED)

# A subject has at most one run in these.
ACTIVE = (RUNNING, PAUSED)
# The chain is at its end, but nobody has answered: the catch-all may still be paged.
UNANSWERED = (EXHAUSTED, NOBODY_NOTIFIED)
# The planner looks at these when their due row is due.
PLANNABLE = (RUNNING, *UNANSWERED)
# Nobody has answered these: pages of their steps are still wanted.
WANTED = (*PLANNABLE, FAILED)
# An answer may still stop these.
STOPPABLE = (*ACTIVE, *UNANSWERED, FAILED)

ACKNOWLEDGED, RESOLVED, MERGED, MANUAL, SUPERSEDED = "acknowledged", "resolved", "merged", "manual", "superseded"
STOP_REASONS = (ACKNOWLEDGED, RESOLVED, MERGED, MANUAL, SUPERSEDED)
# After these the subject itself is over: nobody asked to join needs to come any more.
OVER_REASONS = (RESOLVED, MERGED)

_MOVES: dict[tuple[str, str], str] = {
    (RUNNING, "pause"): PAUSED,
    (PAUSED, "resume"): RUNNING,
    (RUNNING, "exhaust"): EXHAUSTED,
    (RUNNING, "nobody"): NOBODY_NOTIFIED,
    (EXHAUSTED, "exhaust"): EXHAUSTED,
    (EXHAUSTED, "nobody"): NOBODY_NOTIFIED,
    (NOBODY_NOTIFIED, "nobody"): NOBODY_NOTIFIED,
    (NOBODY_NOTIFIED, "exhaust"): EXHAUSTED,
    (RUNNING, "go_on"): RUNNING,
    **{(state, "fail"): FAILED for state in PLANNABLE},
    **{(state, "stop"): STOPPED for state in STOPPABLE},
}


class IllegalMove(ValueError):
    """A run was asked for a move its state does not allow."""


def move(state: str, event: str) -> str:
    """Return the state after `event`; raise `IllegalMove` when the table has no such row."""
    try:
        return _MOVES[state, event]
    except KeyError:
        raise IllegalMove(f"A run that is {state} cannot {event.replace('_', ' ')}.") from None


def refuses_page(origin: str, state: str, over: bool) -> str:
    """Return why a page of `origin` must not be sent while its run is in `state`, or "" when it may.

    Pages of the chain need a run nobody has answered. A person asked to join is still wanted after an acknowledge, but
    not when the subject is over. A stand-down is *about* the end, and an update about an answer, so nothing refuses them;
    who has it is news only until it is over.
    """
    if origin in AFTERWARDS and not (origin == TAKEN and over):
        return ""
    if over:
        return "over"
    if origin == "responder":
        return ""
    return "" if state in WANTED else state
