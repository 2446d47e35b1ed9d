"""The states table is complete, and what it does not name is refused."""

import itertools

import pytest

from incidents import states
from incidents.states import ACKNOWLEDGED, RESOLVED, TRIGGERED, IllegalMove, move

REFUSED = {
    (TRIGGERED, states.REOPEN),
    (ACKNOWLEDGED, states.REOPEN),
    (RESOLVED, states.ATTACH),
    (RESOLVED, states.ESCALATE),
    (RESOLVED, states.ADD_PERSON),
    (TRIGGERED, states.SNOOZE),
    (RESOLVED, states.SNOOZE),
    (TRIGGERED, states.ASK_AGAIN),
    (RESOLVED, states.ASK_AGAIN),
    (TRIGGERED, states.TAKE_OVER),
    (RESOLVED, states.TAKE_OVER),
    (RESOLVED, states.REASSIGN),
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(states.STATES, states.EVENTS)))
def test_every_pair_is_either_a_move_or_a_named_refusal(state, event):
    if (state, event) in REFUSED:
        with pytest.raises(IllegalMove) as refusal:
            move(state, event)
        assert (refusal.value.state, refusal.value.event) == (state, event)
    else:
        assert move(state, event) in states.STATES


def test_an_acknowledge_is_idempotent_and_never_reopens():
    assert move(TRIGGERED, states.ACKNOWLEDGE) == ACKNOWLEDGED
    assert move(ACKNOWLEDGED, states.ACKNOWLEDGE) == ACKNOWLEDGED
    assert move(RESOLVED, states.ACKNOWLEDGE) == RESOLVED


def test_a_repeat_does_not_take_the_incident_from_who_has_it():
    assert move(ACKNOWLEDGED, states.ATTACH) == ACKNOWLEDGED


def test_escalating_makes_it_nobodys_again():
    assert move(ACKNOWLEDGED, states.ESCALATE) == TRIGGERED


def test_both_ends_lead_to_resolved_from_every_open_state():
    for state in states.OPEN_STATES:
        assert move(state, states.RESOLVE) == move(state, states.RECOVER) == RESOLVED


def test_only_a_resolved_incident_reopens_and_it_is_nobodys():
    assert move(RESOLVED, states.REOPEN) == TRIGGERED


def test_an_unknown_event_is_refused():
    with pytest.raises(IllegalMove):
        move(TRIGGERED, "explode")
