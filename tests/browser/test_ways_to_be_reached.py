"""Stories of somebody who adds ways to be reached, in a real browser."""

import pytest

from accounts.models import ContactMethod, Verification
from accounts.services.contacts import verification_code
from ledger import clock
from tests import builders
from tests.accounts.house import House

PHONE, DESK = 390, 1440


@pytest.fixture
def house(transactional_db, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    return House(clock.now())


@pytest.mark.parametrize(("width", "theme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_webhook_shows_its_secret_is_confirmed_and_gets_another(read, house, width, theme):
    reader = read(house.people["responder"], width=width, theme=theme)
    page = reader.page
    reader.opens("/me/contacts/add/")
    reader.is_sound()
    page.get_by_label("Kind").select_option(label="Webhook, signed")
    page.get_by_label("Number or address").fill("https://tools.larkspur.example/pages?key=9f2b")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_text("Copy the secret now.").wait_for()
    reader.is_sound()
    held = ContactMethod.objects.get(kind="webhook")
    assert held.secret in page.content()
    page.get_by_label("The six digits we sent").fill(verification_code(Verification.objects.get()))
    page.get_by_role("button", name="Confirm", exact=True).click()
    page.get_by_text("https://tools.larkspur.example/… is confirmed").wait_for()
    reader.is_sound()
    page.get_by_role("link", name="Secret").click()
    assert held.secret not in page.content()
    page.locator("summary", has_text="Make a new secret").click()
    page.get_by_role("button", name="Make a new secret").click()
    page.get_by_text("Copy the secret now.").wait_for()
    reader.is_sound()
    assert ContactMethod.objects.get(kind="webhook").previous_secret == held.secret


@pytest.mark.parametrize(("width", "theme"), [(DESK, "light"), (PHONE, "dark")])
def test_rules_are_written_without_script_and_the_grid_follows(read, house, width, theme):
    person = house.people["responder"]
    builders.contact(person, "phone", "+447700900001", now=house.now)
    reader = read(person, width=width, theme=theme, script=False)
    page = reader.page
    page.goto(f"{reader.base}/me/")
    page.get_by_role("link", name="When and over what").click()
    page.get_by_role("link", name="Write rules for high urgency").click()
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("When").nth(2).select_option(label="After 5 min")
    page.get_by_role("button", name="Save the rules").last.click()
    page.get_by_text("The rules for high urgency are saved.").wait_for()
    assert [rule["delay_s"] for rule in person.contact_rules.get().rules] == [0, 60, 300]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Change for high urgency").click()
    page.get_by_role("checkbox", name="E-mail r…@larkspur.example").check()
    page.get_by_label("Reason to leave out E-mail r…@larkspur.example").fill("Nobody reads it")
    page.get_by_label("Reason for the change").fill("Quieter")
    page.get_by_role("button", name="Save the rules").last.click()
    page.get_by_text("is left out below, with a reason").first.wait_for()
    page.get_by_role("button", name="Remove rule 1").click()
    page.get_by_role("button", name="Save the rules").last.click()
    page.get_by_text("left out: Nobody reads it").wait_for()
