"""Calls that page nobody: a code that proves a number, and a test of the keys."""

from accounts.models import ContactMethod
from oncall.models import InboundKey, Page
from tests.builders import contact


def test_a_code_is_read_out_digit_by_digit_twice_and_proves_the_number(world):
    browser = world.browser("Victor")
    browser.handler.enforce_csrf_checks = False
    made = browser.post("/me/contacts/add/", {"kind": "voice", "address": "+44 7700 900177", "label": "Desk"})
    world.advance(seconds=1)
    call = world.twilio.expect_call("+447700900177", within=0)
    said = call.pick_up()
    digits = said.split("Your code is: ")[1].split(". Once more")[0]
    assert said == (
        f"This is Watchbook. Your code is: {digits}. Once more: {digits}. Enter it to be called on this phone. Goodbye."
    )
    assert browser.post(made["Location"], {"code": digits.replace(". ", "")}).status_code == 302
    held = ContactMethod.objects.get(user=world.people["Victor"])
    assert (held.kind, held.verified_at) == ("voice", world.now)
    world.advance(seconds=1)
    page = Page.objects.get(origin="verification")
    assert (page.state, page.reason, page.ended_at is not None) == ("answered", "", True)
    assert InboundKey.objects.count() == 0


def test_a_code_that_was_replaced_is_not_read_out(world):
    browser = world.browser("Victor")
    browser.handler.enforce_csrf_checks = False
    made = browser.post("/me/contacts/add/", {"kind": "voice", "address": "+44 7700 900177", "label": ""})
    world.advance(seconds=1)
    first = world.twilio.expect_call("+447700900177", within=0)
    browser.post(f"{made['Location']}code/")
    world.advance(seconds=1)
    world.twilio.expect_call("+447700900177", within=0)
    assert first.pick_up() == "What this call was about no longer holds. Goodbye."


def test_a_test_call_shows_that_keys_arrive(world):
    held = contact(world.people["Victor"], "voice", "+447700900177", now=world.now)
    browser = world.browser("Victor")
    browser.handler.enforce_csrf_checks = False
    browser.post(f"/me/contacts/{held.public_id}/test/")
    world.advance(seconds=1)
    call = world.twilio.expect_call("+447700900177", within=0)
    assert call.pick_up().endswith("Nothing is wrong. Press 4 to show that your key arrives.")
    assert call.press("6").startswith("6 is not a choice. Press 4")
    assert call.press("4") == "Your key arrived. Goodbye."
    assert Page.objects.get(origin="test").confirmed_how == "voice"
