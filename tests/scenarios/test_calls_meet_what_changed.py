"""Who picks up late hears what has changed meanwhile, and phones that ring for nothing are stopped."""

from datetime import timedelta

from incidents.models import TimelineEntry
from oncall.models import Attempt
from tests.scenarios.calls import bob_is_called, by_call_alone, called_too, the_call


def test_who_picks_up_after_somebody_else_acknowledged_hears_who_has_it(world):
    by_call_alone(world, "Alice")
    world.breaks("Checkout API")
    world.advance(minutes=7)
    call = world.phone("Alice").expect_call()
    bob_is_called(world)
    world.phone("Bob").reply("4")
    assert "Bob Brandt has it since 03:07." in call.pick_up()
    assert call.press("4") == "Bob Brandt has it since 03:07. Your key is recorded too. Goodbye."
    assert called_too(world) == ["Alice Adeyemi"]


def test_a_key_after_the_end_is_recorded_and_changes_nothing(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    called.mends("Checkout API")
    called.advance(minutes=2)
    assert called.incident.state == "resolved"
    assert call.press("4").startswith("It was resolved at 03:03, before your key. It is recorded; nothing changed.")
    assert TimelineEntry.objects.get(kind="acknowledged_late").person == called.people["Alice"]
    over = called.phone("Alice").expect_call()
    assert over.pick_up().startswith("This is Watchbook. Stand down. INC-2026-0001 Checkout API is down")


def test_who_picks_up_after_the_end_hears_that_it_is_over(called):
    call = called.phone("Alice").expect_call()
    call.quiet = True
    called.mends("Checkout API")
    called.advance(minutes=2)
    assert call.status == "canceled"
    assert call.pick_up().endswith("It was resolved at 03:03. There is nothing more to do. Goodbye.")


def test_who_may_no_longer_respond_is_told_so_and_the_chain_goes_on(called):
    alice = called.people["Alice"]
    alice.role = "viewer"
    alice.save(now=called.now, reason="Test")
    call = called.phone("Alice").expect_call()
    call.pick_up()
    assert call.press("4") == "Your role, viewer, may not answer this. The next person will be called. Goodbye."
    assert TimelineEntry.objects.get(kind="refused").person == alice
    called.advance(minutes=5)
    bob_is_called(called)


def test_an_acknowledge_stops_the_phones_that_still_ring(world):
    by_call_alone(world, "Bob")
    world.breaks("Checkout API")
    world.advance(minutes=7)
    world.phone("Alice").expect_sms("is down")
    call = world.phone("Bob").expect_call().ring()
    world.phone("Alice").reply("4")
    assert call.status == "ringing", "no provider is asked inside the request"
    world.advance(seconds=1)
    assert call.status == "canceled"
    page = the_call("Bob")
    assert (page.state, page.reason, page.in_flight_at_ack) == ("delivered", "acknowledged", True)
    assert page.ended_at == world.now - timedelta(seconds=1)
    assert not Attempt.objects.filter(hang_up_at__isnull=False).exists()


def test_a_call_that_was_just_picked_up_is_not_cut_off(world):
    by_call_alone(world, "Bob")
    world.breaks("Checkout API")
    world.advance(minutes=7)
    world.phone("Alice").expect_sms("is down")
    call = world.phone("Bob").expect_call()
    call.pick_up()
    world.phone("Alice").reply("4")
    world.advance(seconds=2)
    assert call.status == "in-progress"
    assert call.press("4").startswith("Alice Adeyemi has it since 03:07.")


def test_a_provider_that_will_not_take_a_call_back_is_asked_again(world):
    by_call_alone(world, "Bob")
    world.breaks("Checkout API")
    world.advance(minutes=7)
    world.phone("Alice").expect_sms("is down")
    call = world.phone("Bob").expect_call().ring()
    world.twilio.fail_next(http=503, path="hang up")
    world.phone("Alice").reply("4")
    world.advance(seconds=2)
    assert call.status == "canceled"
