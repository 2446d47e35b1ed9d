"""03:00 with contact rules: mail at once, a text after a minute, a call after three; an answer in between ends it."""

from datetime import timedelta

import pytest
from django.core import mail

from oncall.models import Page
from tests import builders
from tests.world import NUMBERS


@pytest.fixture
def night(world):
    """Alice is woken gently at first; nobody is called twice for what she has answered."""
    alice = world.people["Alice"]
    letters = builders.contact(alice, "email", alice.email, now=world.now)
    call = builders.contact(alice, "voice", NUMBERS["Alice"], now=world.now)
    builders.contact_rules(
        alice, (letters, 0), (alice.contact_methods.get(kind="phone"), 60), (call, 180), now=world.now
    )
    world.breaks("Checkout API")
    world.advance(seconds=115)
    world.mailbox("Alice").expect("SEV2", "Checkout API is down")
    return world


def due(world):
    """When each page to Alice was to go, in seconds after the step."""
    pages = Page.objects.filter(person=world.people["Alice"]).order_by("due_at")
    return [(page.kind, (page.due_at - page.planned_at) // timedelta(seconds=1)) for page in pages]


def test_the_text_comes_after_a_minute_and_the_call_after_three(night):
    assert due(night) == [("email", 0), ("sms", 60), ("voice", 180)]
    night.phone("Alice").stays_silent()
    night.advance(seconds=50)
    night.phone("Alice").expect_sms("Checkout API is down", "Reply 4=ack")
    night.advance(seconds=110)
    night.phone("Alice").stays_silent()
    night.advance(seconds=10)
    call = night.phone("Alice").expect_call()
    call.pick_up()
    call.press("4")
    night.advance(hours=1)
    assert night.incident.state == "acknowledged"


def test_a_reply_to_the_text_cancels_the_call(night):
    night.advance(seconds=60)
    night.phone("Alice").expect_sms("Checkout API is down")
    assert "acknowledged" in night.phone("Alice").reply("4").lower()
    night.advance(hours=1)
    page = Page.objects.get(kind="voice")
    assert (page.state, page.reason, page.attempts_made) == ("cancelled", "acknowledged", 0)


def test_opening_the_link_in_the_mail_and_pressing_the_button_leaves_the_phone_silent(night):
    path = night.mailbox("Alice").link_in(mail.outbox[0])
    assert night.browser().post(path, {"do": "ack"}).status_code == 302
    night.advance(minutes=4)
    night.phone("Alice").stays_silent()
    assert {page.state for page in Page.objects.exclude(kind="email")} == {"cancelled"}


def test_the_page_of_the_incident_says_what_still_waits_and_until_when(night):
    shown = night.browser("Alice").get(f"/incidents/{night.incident.number}/").content.decode()
    assert "Waits until" in shown


def test_a_call_that_nobody_picks_up_brings_the_next_rule_forward(world):
    alice = world.people["Alice"]
    call = builders.contact(alice, "voice", NUMBERS["Alice"], now=world.now)
    builders.contact_rules(alice, (call, 0), (alice.contact_methods.get(kind="phone"), 600), now=world.now)
    world.breaks("Checkout API")
    world.advance(seconds=115)
    world.phone("Alice").expect_call().no_answer()
    world.advance(seconds=1)
    world.phone("Alice").expect_sms("Checkout API is down")
    world.advance(minutes=4)
    world.phone("Bob").stays_silent()
