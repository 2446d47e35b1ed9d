"""Somebody tests their contacts and answers: by reply, by tap, by key. A reply at night is about the incident."""

import pytest

from oncall.models import Page
from oncall.notify.services import ask_for_test
from tests.builders import contact
from tests.world import NUMBERS


@pytest.fixture
def tested(world):
    """Bob is tested by mail and text."""
    bob = world.people["Bob"]
    ask_for_test(bob, by=bob, now=world.now)
    world.advance(seconds=2)
    world.text = world.phone("Bob").expect_sms("Watchbook test.", "Reply 4 to confirm.")
    world.letter = world.mailbox("Bob").expect("Watchbook test page")
    return world


def page(kind):
    return Page.objects.get(kind=kind, origin="test")


def test_a_reply_confirms_the_test_of_the_phone_and_no_other(tested):
    said = tested.phone("Bob").reply("4")
    assert said == "Test confirmed at 03:00: pages reach this phone, and your replies reach us."
    assert (page("sms").state, page("sms").confirmed_how) == ("confirmed", "sms")
    assert page("email").confirmed_at is None
    assert tested.phone("Bob").reply("ack") == said, "once more is no harm"


def test_a_tap_confirms_and_opening_does_not(tested):
    path = tested.phone("Bob").link_in(tested.text)
    shown = tested.browser().get(path)
    assert "Did this test reach you?" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert page("sms").confirmed_at is None
    assert tested.browser().post(path, {"do": "confirm"}).status_code == 302
    assert page("sms").confirmed_how == "link"
    assert "Confirmed at" in tested.browser().get(path).content.decode()


def test_the_link_of_a_test_is_for_its_person_and_its_day_only(tested):
    path = tested.mailbox("Bob").link_in(tested.letter)
    assert tested.browser("Alice").post(path, {"do": "confirm"}).status_code == 403
    assert tested.browser().post(path[:-3] + "zz/", {"do": "confirm"}).status_code == 404
    tested.skip(hours=25)
    assert tested.browser().post(path, {"do": "confirm"}).status_code == 410
    assert page("email").confirmed_at is None


def test_while_an_incident_is_open_a_reply_is_about_it(world):
    alice = world.people["Alice"]
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("Checkout API is down")
    ask_for_test(alice, by=alice, now=world.now)
    world.advance(seconds=2)
    world.phone("Alice").expect_sms("Watchbook test.")
    assert "acknowledged" in world.phone("Alice").reply("4").lower()
    assert (world.incident.state, page("sms").confirmed_at) == ("acknowledged", None)
    world.mends("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("Stand down")
    assert world.phone("Alice").reply("4").startswith("Test confirmed")


def test_a_key_in_the_call_confirms_it(world):
    alice = world.people["Alice"]
    contact(alice, "voice", NUMBERS["Alice"], now=world.now)
    ask_for_test(alice, by=alice, now=world.now)
    world.advance(seconds=2)
    world.phone("Alice").expect_sms("Watchbook test.")
    call = world.phone("Alice").expect_call()
    call.pick_up()
    call.press("4")
    assert (page("voice").state, page("voice").confirmed_how) == ("confirmed", "voice")


def test_a_test_wakes_nobody_else_and_makes_no_incident(tested):
    tested.advance(hours=2)
    assert tested.incident is None
    for name in ("Alice", "Ada"):
        tested.phone(name).stays_silent()
