"""Stories of somebody who adds ways to be reached, in a real browser."""

import pytest

from accounts.models import ContactMethod, Verification
from accounts.services.contacts import verification_code
from ledger import clock
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
