import itertools

import pytest

from oncall.escalation import states as run_states
from oncall.notify.states import RANK, STATES, TRUTHS, IllegalMove, ends, learn, move


@pytest.mark.parametrize("order", list(itertools.permutations(TRUTHS, 3)))
def test_the_order_in_which_truths_come_does_not_matter(order):
    state = "sending"
    for truth in order:
        state = learn(state, truth)
    assert state == max(order, key=RANK.get)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("truth", TRUTHS)
def test_a_truth_never_lowers_a_page(state, truth):
    assert RANK[learn(state, truth)] >= RANK[state]


@pytest.mark.parametrize("state", ["failed_permanent", "cancelled", "unknown", "planned"])
def test_a_receipt_outranks_what_we_had_given_up(state):
    assert learn(state, "delivered") == "delivered"


@pytest.mark.parametrize("truth", ["planned", "failed_permanent", "nonsense"])
def test_only_facts_can_be_learnt(truth):
    with pytest.raises(IllegalMove):
        learn("sending", truth)


@pytest.mark.parametrize(
    "state, event, after",
    [
        ("planned", "claim", "claimed"),
        ("claimed", "release", "planned"),
        ("claimed", "begin", "sending"),
        ("sending", "lose", "unknown"),
        ("sending", "retry", "planned"),
        ("sent", "retry", "planned"),
        ("sending", "fail", "failed_permanent"),
        ("claimed", "cancel", "cancelled"),
        ("planned", "suppress", "suppressed"),
    ],
)
def test_pages_move_as_the_table_says(state, event, after):
    assert move(state, event) == after


@pytest.mark.parametrize(
    "state, event",
    [
        ("sending", "cancel"),
        ("delivered", "retry"),
        ("confirmed", "fail"),
        ("planned", "begin"),
        ("sending", "release"),
    ],
)
def test_other_moves_are_refused_by_name(state, event):
    with pytest.raises(IllegalMove, match=state):
        move(state, event)


def test_being_accepted_ends_a_page_only_where_no_receipt_ever_comes():
    assert ends("accepted", "email")
    assert not ends("accepted", "sms")
    assert not ends("sent", "sms")
    assert all(
        ends(state, "sms") for state in ("delivered", "confirmed", "failed_permanent", "cancelled", "suppressed")
    )
    assert not ends("unknown", "sms")


def test_a_call_that_rings_or_was_picked_up_is_not_over():
    assert not any(ends(state, "voice") for state in ("accepted", "sent", "delivered", "answered"))
    assert all(ends(state, "voice") for state in ("confirmed", "failed_permanent", "cancelled"))


@pytest.mark.parametrize("state", ["sending", "unknown", "accepted", "sent", "delivered"])
def test_a_busy_line_may_be_called_again_even_after_it_rang(state):
    assert move(state, "redial") == "planned"


@pytest.mark.parametrize("state", ["answered", "confirmed", "cancelled", "planned"])
def test_a_call_that_was_picked_up_or_called_off_is_not_made_again(state):
    with pytest.raises(IllegalMove):
        move(state, "redial")


@pytest.mark.parametrize("state", run_states.STOPPABLE)
def test_an_answer_stops_every_run_that_is_not_stopped(state):
    assert run_states.move(state, "stop") == "stopped"


def test_a_stopped_run_moves_no_more():
    for event in ("stop", "go_on", "exhaust", "nobody", "pause", "resume"):
        with pytest.raises(run_states.IllegalMove):
            run_states.move("stopped", event)


@pytest.mark.parametrize(
    "origin, state, over, refused",
    [
        ("step", "running", False, ""),
        ("step", "exhausted", False, ""),
        ("step", "nobody_notified", False, ""),
        ("step", "stopped", False, "stopped"),
        ("step", "paused", False, "paused"),
        ("step", "running", True, "over"),
        ("responder", "stopped", False, ""),
        ("responder", "stopped", True, "over"),
        ("stand_down", "stopped", True, ""),
    ],
)
def test_which_pages_a_run_still_wants(origin, state, over, refused):
    assert run_states.refuses_page(origin, state, over) == refused
