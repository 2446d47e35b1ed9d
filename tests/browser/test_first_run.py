"""From the set-up link to the first result: what a stranger does in the first minutes."""

import re
from datetime import timedelta

import pytest

from accounts.models import AllowedNetwork, ContactMethod, Organisation, User, Verification
from accounts.services.contacts import verification_code
from accounts.services.setup import issue_setup_link
from incidents.queries import route_for
from ledger import clock
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.models import Monitor, ProbeSlot
from monitors.services import check_once
from tests.browser.site import running_site


@pytest.fixture
def site():
    with running_site() as running:
        yield running


def the_engine_checks(monitor):
    """What the engine does with a slot: one real check, handed over."""
    now = clock.now()
    slot = ProbeSlot.objects.get(monitor=monitor)
    trace = check_once(monitor.kind, monitor.target, now=now)
    hand_over([Finding(monitor.pk, monitor.version, slot.location_id, now, False, 200, trace)], now=now)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_stranger_sets_up_and_sees_the_first_result(read, site, settings, script):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    link = f"/setup/{issue_setup_link(clock.now())}/"
    reader = read(script=script)
    page = reader.page

    reader.opens(link)
    if script:
        reader.is_sound()
    page.get_by_label("Organisation").fill("Larkspur Logistics")
    page.get_by_label("Its time zone").select_option("Europe/Berlin")
    page.get_by_label("Your name").fill("Mara Lindqvist")
    page.get_by_label("Your e-mail").fill("mara@larkspur.example")
    page.get_by_label("Choose a password").fill("short")
    page.get_by_role("button", name="Begin").click()
    assert "at least 12 characters" in page.content()
    assert page.get_by_label("Your name").input_value() == "Mara Lindqvist"
    page.get_by_label("Choose a password").fill("lantern orbit pebble")
    page.get_by_role("button", name="Begin").click()

    page.get_by_label("Paste the address your customers use").fill("nonsense address")
    page.get_by_role("button", name="Check it once").click()
    assert "You wrote https://nonsense address" in page.content()
    page.get_by_label("Paste the address your customers use").fill(site.url)
    page.get_by_role("button", name="Check it once").click()
    assert "This address is in a private network" in page.content()
    page.get_by_label("Reason").fill("our own test site")
    reader.complaints.clear()  # a refused form answers 422, and the console says so
    page.get_by_role("button", name="Allow it and check again").click()

    assert "Answered 200" in page.content()
    if script:
        reader.is_sound()
    page.get_by_label("Name", exact=True).first.fill("Shop")
    page.get_by_label("or a new service").fill("Checkout")
    page.get_by_role("button", name="Start watching").click()
    page.wait_for_url(re.compile("/monitors/mon_"))

    monitor = Monitor.objects.get()
    assert (monitor.name, monitor.service.name, monitor.address) == ("Shop", "Checkout", site.url)
    assert Organisation.current().timezone == "Europe/Berlin"
    assert AllowedNetwork.objects.get().cidr == "127.0.0.1/32"
    mara = User.objects.get()
    assert [step["people"] for step in route_for(monitor.service, 1).policy.steps] == [[mara.public_id]]

    assert "not checked yet" in page.content()
    the_engine_checks(monitor)
    if script:
        page.get_by_text("200 in").wait_for(timeout=20_000)  # nobody reloads: the page asks by itself
        reader.is_sound()
    else:
        page.reload()
    assert page.get_by_role("heading", level=1).inner_text() == "Shop"
    assert "Up" in page.locator(".facts").inner_text()


def test_the_set_up_link_works_once_and_for_an_hour(read, client):
    now = clock.now()
    old = issue_setup_link(now - timedelta(hours=1, seconds=1))
    first = issue_setup_link(now - timedelta(seconds=5))
    second = issue_setup_link(now)
    assert [client.get(f"/setup/{secret}/").status_code for secret in (old, first, second)] == [410, 410, 200]
    reader = read(width=360)
    reader.opens(f"/setup/{old}/")
    assert "no longer holds" in reader.page.content()
    reader.complaints.clear()
    reader.is_sound()


def test_the_first_admin_confirms_their_address_with_the_code_that_was_sent(read, client, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    secret = issue_setup_link(clock.now())
    fields = {
        "organisation": "Larkspur", "timezone": "UTC", "name": "Mara", "email": "mara@larkspur.example",
        "password": "lantern orbit pebble",
    }  # fmt: skip
    assert client.post(f"/setup/{secret}/", fields).status_code == 302
    contact, verification = ContactMethod.objects.get(), Verification.objects.get()
    reader = read(User.objects.get())
    reader.opens("/me/")
    reader.page.get_by_role("link", name="Confirm").click()
    reader.page.get_by_label("The six digits we sent").fill(verification_code(verification))
    reader.page.get_by_role("button", name="Confirm").click()
    assert "is confirmed" in reader.page.content()
    contact.refresh_from_db()
    assert contact.verified_at is not None
    reader.is_sound()
