"""The states of an incident and the only moves between them: (state, event) → state. Standard library only.

The table is explained in docs/incidents.md. An event that leaves the state where it was is allowed and
recorded: a second person acknowledges, a late acknowledge arrives after the end. An event that is not
in the table is refused by name; nothing returns silently.
"""

from __future__ import annotations

TRIGGERED, ACKNOWLEDGED, RESOLVED = "triggered", "acknowledged", "resolved"
STATES: dict[str, str] = {TRIGGERED: "Triggered", ACKNOWLEDGED: "Acknowledged", RESOLVED: "Resolved"}
OPEN_STATES = (TRIGGERED, ACKNOWLEDGED)

ACKNOWLEDGE, RESOLVE, RECOVER = "acknowledge", "resolve", "recover"
REOPEN, ATTACH, ESCALATE, ADD_PERSON, NOTE = "reopen", "attach", "escalate", "add_person", "note"
SNOOZE, ASK_AGAIN = "snooze", "ask_again"
TAKE_OVER, REASSIGN = "take_over", "reassign"
EVENTS = (
    ACKNOWLEDGE,
    RESOLVE,
    RECOVER,
    REOPEN,
    ATTACH,
    ESCALATE,
    ADD_PERSON,
    NOTE,
    SNOOZE,
    ASK_AGAIN,
    TAKE_OVER,
    REASSIGN,
)

TABLE: dict[tuple[str, str], str] = {
    (TRIGGERED, ACKNOWLEDGE): ACKNOWLEDGED,
    (ACKNOWLEDGED, ACKNOWLEDGE): ACKNOWLEDGED,
    (RESOLVED, ACKNOWLEDGE): RESOLVED,
    (TRIGGERED, RESOLVE): RESOLVED,
    (ACKNOWLEDGED, RESOLVE): RESOLVED,
    (RESOLVED, RESOLVE): RESOLVED,
    (TRIGGERED, RECOVER): RESOLVED,
    (ACKNOWLEDGED, RECOVER): RESOLVED,
    (RESOLVED, RECOVER): RESOLVED,
    (RESOLVED, REOPEN): TRIGGERED,
    # a repeat must not take the incident from the person who has it
    (TRIGGERED, ATTACH): TRIGGERED,
    (ACKNOWLEDGED, ATTACH): ACKNOWLEDGED,
    # escalating means that whoever has it wants somebody else to be called: it is nobody's again
    (TRIGGERED, ESCALATE): TRIGGERED,
    (ACKNOWLEDGED, ESCALATE): TRIGGERED,
    # only what somebody has can be put off, and only they can be asked again
    (ACKNOWLEDGED, SNOOZE): ACKNOWLEDGED,
    (ACKNOWLEDGED, ASK_AGAIN): TRIGGERED,
    # what nobody has is acknowledged, not taken over; who is named has it only once they answer
    (ACKNOWLEDGED, TAKE_OVER): ACKNOWLEDGED,
    (TRIGGERED, REASSIGN): TRIGGERED,
    (ACKNOWLEDGED, REASSIGN): TRIGGERED,
    (TRIGGERED, ADD_PERSON): TRIGGERED,
    (ACKNOWLEDGED, ADD_PERSON): ACKNOWLEDGED,
    # a note may be written down long after the end
    (TRIGGERED, NOTE): TRIGGERED,
    (ACKNOWLEDGED, NOTE): ACKNOWLEDGED,
    (RESOLVED, NOTE): RESOLVED,
}


class IllegalMove(ValueError):
    """The event is not possible in this state; `state` and `event` say which."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"An incident that is {state} cannot take the event {event!r}.")
        self.state, self.event = state, event


def move(state: str, event: str) -> str:
    """Return the state after `event`; raises IllegalMove when the table has no such move."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise IllegalMove(state, event) from None


def state_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new state never makes a migration."""
    return list(STATES.items())
