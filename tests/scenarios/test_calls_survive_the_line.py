"""Keys and reports that come twice, early, late or never, and calls that got lost on the way."""

import pytest

from incidents.services import keys
from incidents.services.sms import LEFT_BEHIND
from oncall.models import Attempt, Callback, InboundKey, Page
from tests.scenarios.calls import bob_is_called, by_call_alone, the_call


def test_the_same_key_brought_twice_acts_once_and_is_answered_alike(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    address, form = call._listening, {**call.form(), "Digits": "4"}
    first = called.twilio.poster(address, form, None)
    called.advance(minutes=1)
    assert called.twilio.poster(address, form, None) == first
    assert called.twilio.poster(address, {**form, "Digits": "6"}, None) == first, "a question is answered once"
    assert InboundKey.objects.count() == 1
    assert called.incident.state == "acknowledged"


def test_a_callback_before_our_own_call_returned_is_kept_and_counts(called):
    """Its address says which attempt it is about, so it need not wait for the provider's id."""
    page, call = the_call(), called.phone("Alice").expect_call()
    Attempt.objects.filter(page=page).update(provider_sid="", status="", completed_at=None, outcome="")
    Page.objects.filter(pk=page.pk).update(state="sending", accepted_at=None)
    call.ring()
    called.tick()
    page.refresh_from_db()
    assert (page.state, page.accepted_at is not None, page.attempts.get().provider_sid) == ("delivered", True, call.sid)
    call.pick_up()
    assert call.press("4").startswith("You have it.")


def test_callbacks_in_reverse_and_years_late_change_nothing(called):
    call = called.phone("Alice").expect_call()
    call.report("no-answer")
    call.report("ringing")
    call.report("initiated")
    called.advance(seconds=1)
    bob_is_called(called)
    assert (the_call().state, the_call().reason) == ("accepted", "no_answer")
    called.phone("Bob").reply("4")
    called.skip(hours=24 * 800)
    call.report("completed")
    called.tick()
    page = the_call()
    assert (page.state, page.reason, page.confirmed_at) == ("accepted", "no_answer", None)


def test_a_call_of_which_nothing_is_heard_is_asked_about(called):
    call = called.phone("Alice").expect_call()
    call.status = "no-answer"
    called.advance(seconds=61)
    bob_is_called(called)
    assert the_call().reason == "no_answer"
    assert Callback.objects.get(status="no-answer").source == "poll"


def test_a_lost_call_is_found_at_the_provider_and_not_made_twice(world):
    by_call_alone(world, "Alice")
    world.twilio.fail_next(hang_s=0.1, accept=True, path="call")
    world.breaks("Checkout API")
    world.advance(minutes=2)
    call = world.phone("Alice").expect_call()
    assert (the_call().attempts.get().provider_sid, the_call().state) == (call.sid, "accepted")
    call.pick_up()
    assert call.press("4").startswith("You have it.")


def test_a_key_that_a_dead_process_left_behind_is_acted_on_by_the_tick(called, monkeypatch):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    give = keys.give
    monkeypatch.setattr(keys, "give", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call.press("4")
    assert InboundKey.objects.get().handled_at is None
    monkeypatch.setattr(keys, "give", give)
    called.advance(seconds=LEFT_BEHIND.total_seconds() + 1)
    assert called.incident.acknowledged_by == called.people["Alice"]
    assert InboundKey.objects.get().answer.startswith("You have it.")
