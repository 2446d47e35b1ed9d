"""The states of a post-mortem and of an action item, and the only moves between them. Standard library only.

The tables are explained in docs/post-mortems.md. An event that is not in a table is refused by name.
"""

from __future__ import annotations

DRAFT, IN_REVIEW, PUBLISHED = "draft", "in_review", "published"
STATES: dict[str, str] = {DRAFT: "Draft", IN_REVIEW: "In review", PUBLISHED: "Published"}

WRITE, SUBMIT, SEND_BACK, PUBLISH, CORRECT = "write", "submit", "send_back", "publish", "correct"
EVENTS = (WRITE, SUBMIT, SEND_BACK, PUBLISH, CORRECT)

TABLE: dict[tuple[str, str], str] = {
    (DRAFT, WRITE): DRAFT,
    # a reviewer's remark is answered in the text; what is approved is told by its hash, not by the state
    (IN_REVIEW, WRITE): IN_REVIEW,
    (DRAFT, SUBMIT): IN_REVIEW,
    (IN_REVIEW, SEND_BACK): DRAFT,
    (IN_REVIEW, PUBLISH): PUBLISHED,
    (PUBLISHED, CORRECT): DRAFT,
}

OPEN, DONE, VERIFIED, DROPPED = "open", "done", "verified", "dropped"
ITEM_STATES: dict[str, str] = {OPEN: "Open", DONE: "Done", VERIFIED: "Verified", DROPPED: "Dropped"}

CHANGE, FINISH, VERIFY, REOPEN, DROP = "change", "finish", "verify", "reopen", "drop"
ITEM_EVENTS = (CHANGE, FINISH, VERIFY, REOPEN, DROP)

ITEM_TABLE: dict[tuple[str, str], str] = {
    (OPEN, CHANGE): OPEN,
    (OPEN, FINISH): DONE,
    (DONE, VERIFY): VERIFIED,
    (DONE, REOPEN): OPEN,
    (OPEN, DROP): DROPPED,
    (DROPPED, REOPEN): OPEN,
}


class IllegalMove(ValueError):
    """The event is not possible in this state; `state` and `event` say which."""

    def __init__(self, what: str, state: str, event: str) -> None:
        super().__init__(f"{what} that is {state.replace('_', ' ')} cannot take the event {event!r}.")
        self.status, self.event = state, event


def move(state: str, event: str) -> str:
    """Return the state of a post-mortem after `event`. Raises IllegalMove."""
    if (state, event) not in TABLE:
        raise IllegalMove("A post-mortem", state, event)
    return TABLE[state, event]


def move_item(state: str, event: str) -> str:
    """Return the state of an action item after `event`. Raises IllegalMove."""
    if (state, event) not in ITEM_TABLE:
        raise IllegalMove("An action item", state, event)
    return ITEM_TABLE[state, event]


def state_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new state never makes a migration."""
    return list(STATES.items())


def item_state_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new state never makes a migration."""
    return list(ITEM_STATES.items())
