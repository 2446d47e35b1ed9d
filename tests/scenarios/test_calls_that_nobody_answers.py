"""Why a call that nobody answers is nobody: the next person is called at once."""

import pytest

from accounts.models import ContactMethod
from oncall.models import Run
from tests.builders import contact
from tests.scenarios.calls import bob_is_called, by_call_alone, the_call
from tests.world import NUMBERS


def test_an_unanswered_call_calls_the_next_person_at_once(called):
    called.phone("Alice").expect_call().no_answer()
    called.advance(seconds=1)
    bob_is_called(called)
    page = the_call()
    assert (page.state, page.reason, page.answered_at) == ("delivered", "no_answer", None)
    assert page.ended_at is not None


def test_an_unanswered_call_leaves_the_time_of_the_step_to_another_contact(world):
    contact(world.people["Alice"], "voice", NUMBERS["Alice"], now=world.now)
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("is down")
    world.phone("Alice").expect_call().no_answer()
    world.advance(minutes=4)
    world.phone("Bob").stays_silent()
    world.advance(minutes=1)
    bob_is_called(world)


def test_a_voice_mail_is_never_somebody(called):
    call = called.phone("Alice").expect_call()
    call.machine()
    assert call.status == "completed"
    called.advance(seconds=1)
    bob_is_called(called)
    page = the_call()
    assert (page.state, page.reason, page.confirmed_at) == ("answered", "no_key", None)
    assert page.answered_at is not None
    assert called.incident.state == "triggered"


def test_somebody_who_hangs_up_without_a_key_has_not_answered(called):
    call = called.phone("Alice").expect_call()
    call.pick_up()
    call.hang_up()
    called.advance(seconds=1)
    bob_is_called(called)
    assert the_call().reason == "no_key"


def test_a_busy_line_is_called_once_more_after_a_minute(called):
    called.phone("Alice").expect_call().busy()
    called.advance(seconds=59)
    called.phone("Alice").stays_silent()
    called.advance(seconds=2)
    again = called.phone("Alice").expect_call()
    again.pick_up()
    assert again.press("4").startswith("You have it.")
    assert the_call().attempts_made == 2


def test_a_line_that_is_busy_twice_gives_way_to_the_next_person(called):
    called.phone("Alice").expect_call().busy()
    called.advance(seconds=61)
    called.phone("Alice").expect_call().busy()
    called.advance(seconds=1)
    bob_is_called(called)
    assert (the_call().reason, the_call().attempts_made) == ("busy", 2)


@pytest.mark.parametrize(
    ("sip", "reason", "healthy"), [("404", "contact", False), ("603", "permanent", True)]
)  # fmt: skip
def test_a_call_that_failed_for_good_calls_the_next_person_now(called, sip, reason, healthy):
    called.phone("Alice").expect_call().fail(sip)
    called.advance(seconds=1)
    bob_is_called(called)
    page = the_call()
    assert (page.state, page.reason, page.error_code) == ("failed_permanent", reason, f"sip{sip}")
    assert (page.contact.unhealthy_since is None) == healthy


def test_a_call_that_failed_for_now_is_made_again(called):
    called.phone("Alice").expect_call().fail("503")
    called.advance(seconds=16)
    called.phone("Alice").expect_call().pick_up()
    assert the_call().attempts_made == 2


def test_somebody_reached_by_machines_alone_was_not_reached(world, settings):
    """Everybody has a voice mail: the run ends as nobody_notified, and the catch-all is called again."""
    settings.PAGE_LIMITS = {}  # whoever was called a second ago would wait for a minute
    for name in ("Alice", "Bob", "Ada"):
        by_call_alone(world, name)
    for name in ("Mona", "Audra", "Victor"):
        for held in ContactMethod.objects.in_force().filter(user=world.people[name]):
            held.retire(now=world.now, reason="Test")
    world.breaks("Checkout API")
    world.advance(minutes=2)
    for name in ("Alice", "Bob", "Ada", "Alice", "Bob"):
        world.phone(name).expect_call().machine()
        world.advance(seconds=1)
    assert Run.objects.get().state == "nobody_notified"
    world.advance(seconds=61)
    again = world.phone("Ada").expect_call()
    again.pick_up()
    assert again.press("4").startswith("You have it.")
