"""One message said several incidents, and one answer acknowledges each of them: by SMS, by link, by a key."""

import pytest

from incidents.models import Incident
from incidents.services.work import declare
from ledger.actors import SYSTEM
from oncall.models import Page
from tests.scenarios.calls import by_call_alone


def _three_at_once(world):
    """Three incidents of Checkout in the same second: the first pages Alice, the others wait for a minute."""
    for title in ("Baskets are empty", "Orders are lost", "Prices are wrong"):
        declare(
            title=title, severity=2 if title.startswith("Orders") else 3, service=world.service, actor=SYSTEM,
            person=world.people["Mona"], how="screen", now=world.now,
        )  # fmt: skip
    world.advance(seconds=1)


@pytest.fixture
def bundled(world):
    """Alice has read the first page, and holds the message about the two others."""
    _three_at_once(world)
    world.phone("Alice").expect_sms("Baskets are empty")
    world.advance(seconds=70)
    world.text = world.phone("Alice").expect_sms("2 incidents", "worst SEV2", "Orders are lost")
    return world


def _states():
    return dict(Incident.objects.order_by("pk").values_list("title", "state"))


def test_4_acknowledges_what_the_message_said_and_nothing_else(bundled):
    words = bundled.phone("Alice").reply("4")
    assert "INC-2026-0002" in words
    assert "INC-2026-0003" in words
    assert _states() == {
        "Baskets are empty": "triggered",
        "Orders are lost": "acknowledged",
        "Prices are wrong": "acknowledged",
    }
    assert {page.confirmed_how for page in Page.objects.filter(carried_by__isnull=False)} == {"sms"}
    assert bundled.phone("Alice").reply("4") == words  # safe to repeat


def test_nothing_is_resolved_by_a_message_about_several(bundled):
    assert "resolve each by itself" in bundled.phone("Alice").reply("6")
    assert set(_states().values()) == {"triggered"}


def test_the_link_lists_them_and_its_button_acknowledges_them_all(bundled):
    browser, path = bundled.browser(), bundled.phone("Alice").link_in(bundled.text)
    page = browser.get(path).content.decode()
    assert "2 nobody has" in page
    assert page.index("Orders are lost") < page.index("Prices are wrong")  # worst first
    assert browser.post(path, {"do": "resolve"}).status_code == 400
    assert browser.post(path, {"do": "ack"}, follow=True).content.decode().count("Alice Adeyemi</td>") == 2
    assert sorted(_states().values()) == ["acknowledged", "acknowledged", "triggered"]


def test_the_key_4_acknowledges_them_all(world):
    by_call_alone(world, "Alice")
    _three_at_once(world)
    world.phone("Alice").expect_call()
    world.advance(seconds=70)
    call = world.phone("Alice").expect_call()
    said = call.pick_up()
    assert "2 incidents wait for you, the oldest since 03:00. The worst is of severity 2. Orders are lost." in said
    assert "Press 4 to acknowledge all of them" in said
    assert call.press("4") == "You have 2 of them. Nobody else will be called. Goodbye."
    assert sorted(_states().values()) == ["acknowledged", "acknowledged", "triggered"]


def test_the_incident_says_that_its_page_waited_and_how_it_went_out(bundled):
    page = bundled.browser("Mona").get("/incidents/INC-2026-0002/").content.decode()
    assert "held back: as many as allowed went there lately. It went out in one message with others." in page
    assert "in one message with others</span>" in page
