"""Somebody takes an incident over, gives it to somebody, or is told who has it and says that it is not so."""

import pytest

from incidents.models import Incident
from incidents.services.handing import reassign, take_over
from incidents.services.work import BadInput
from incidents.states import IllegalMove
from ledger.actors import SYSTEM
from oncall.models import Page


@pytest.fixture
def critical(world):
    """A fault of severity 1: Alice was paged, and after five minutes Bob too."""
    world.watch("Payments", severity=1)
    world.breaks("Payments")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("SEV1", "Payments is down")
    world.advance(minutes=5)
    world.text = world.phone("Bob").expect_sms("SEV1")
    world.mailbox("Bob").expect("SEV1")
    return world


def by(world, name):
    return {"actor": SYSTEM, "person": world.people[name], "how": "screen", "now": world.now}


def test_the_first_answer_to_a_critical_tells_the_others_who_and_how(critical):
    critical.phone("Alice").reply("4")
    critical.advance(seconds=5)
    critical.phone("Bob").expect_sms("Alice Adeyemi has INC-2026-0001", "by SMS reply from", "Not so? Escalate:", "/a/")
    critical.mailbox("Bob").expect("Alice Adeyemi has INC-2026-0001")
    critical.phone("Alice").stays_silent()
    assert "Told that Alice Adeyemi has it: Bob Brandt." in critical.story()


def test_not_me_escalate_is_one_tap_and_on_record(critical):
    critical.phone("Alice").reply("4")
    critical.advance(seconds=5)
    told = critical.phone("Bob").expect_sms("Alice Adeyemi has")
    critical.mailbox("Bob").expect("Alice Adeyemi has")
    browser, path = critical.browser(), critical.phone("Bob").link_in(told)
    assert "Not me, escalate" in browser.get(path).content.decode()
    assert critical.incident.state == "acknowledged", "to read it changes nothing"
    assert browser.post(path, {"do": "escalate"}).status_code == 302
    assert (critical.incident.state, critical.incident.acknowledged_by) == ("triggered", None)
    assert any(
        "Bob Brandt escalated by link in SMS" in line and "Alice Adeyemi had it" in line for line in critical.story()
    ), critical.story()
    critical.advance(seconds=5)
    critical.phone("Ada").expect_sms("SEV1")  # the chain is at its end: the catch-all is called
    assert {page.state for page in Page.objects.filter(origin="taken", kind="email")} == {"accepted"}


def test_a_lesser_fault_tells_nobody_who_has_it(world):
    world.breaks("Checkout API")
    world.advance(minutes=7)
    world.phone("Alice").expect_sms("SEV2")
    world.phone("Bob").expect_sms("SEV2")
    world.mailbox("Bob").expect("SEV2")
    world.phone("Alice").reply("4")
    world.advance(seconds=5)
    assert not Page.objects.filter(origin="taken").exists()


def test_whoever_takes_over_has_it_and_who_had_it_is_told(critical):
    critical.phone("Alice").reply("4")
    critical.advance(seconds=5)
    path = critical.phone("Bob").link_in(critical.phone("Bob").expect_sms("Alice Adeyemi has"))
    critical.mailbox("Bob").expect("Alice Adeyemi has")
    assert critical.browser().post(path, {"do": "take_over"}).status_code == 302
    assert critical.incident.acknowledged_by == critical.people["Bob"]
    critical.advance(seconds=5)
    critical.phone("Alice").expect_sms("Bob Brandt has INC-2026-0001", "by link in SMS")
    assert any("Bob Brandt took it over" in line and "from Alice Adeyemi" in line for line in critical.story())


def test_what_nobody_has_or_is_yours_cannot_be_taken_over(critical):
    with pytest.raises(IllegalMove):
        take_over(critical.incident, **by(critical, "Mona"))
    browser = critical.browser("Bob")
    browser.handler.enforce_csrf_checks = False
    browser.post("/incidents/INC-2026-0001/acknowledge/")
    critical.advance(seconds=5)
    critical.phone("Alice").expect_sms("Bob Brandt has INC-2026-0001", "signed in")
    with pytest.raises(BadInput, match="yours already"):
        take_over(critical.incident, **by(critical, "Bob"))


def test_who_is_given_it_is_called_alone_and_then_the_chain(critical):
    critical.phone("Alice").reply("4")
    critical.advance(seconds=5)
    critical.phone("Bob").expect_sms("Alice Adeyemi has")
    critical.mailbox("Bob").expect("Alice Adeyemi has")
    browser = critical.browser("Alice")
    browser.handler.enforce_csrf_checks = False
    said = browser.post(
        "/incidents/INC-2026-0001/reassign/", {"person": critical.people["Ada"].public_id}, follow=True
    ).content.decode()
    assert "Ada Admin is called now. The incident is nobody" in said
    assert (critical.incident.state, critical.incident.acknowledged_by) == ("triggered", None)
    critical.advance(seconds=5)
    critical.phone("Ada").expect_sms("SEV1")
    critical.phone("Alice").stays_silent()
    critical.phone("Ada").reply("4")
    assert critical.incident.acknowledged_by == critical.people["Ada"]
    assert any("Alice Adeyemi gave it from Alice Adeyemi to Ada Admin" in line for line in critical.story())
    critical.advance(seconds=5)
    critical.phone("Alice").expect_sms("Ada Admin has")
    critical.phone("Bob").expect_sms("Ada Admin has")
    critical.mailbox("Bob").expect("Ada Admin has")


def test_a_run_under_way_ends_when_it_is_given_to_somebody(world):
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("SEV2")
    reassign(world.incident, world.people["Ada"], **by(world, "Mona"))
    world.advance(minutes=4)
    world.phone("Ada").expect_sms("SEV2")
    world.phone("Bob").stays_silent()  # the chain begins anew, after Ada had five minutes


def test_nobody_is_given_what_they_cannot_be_called_for(critical):
    with pytest.raises(BadInput, match="nobody was called"):
        reassign(critical.incident, critical.people["Audra"], **by(critical, "Mona"))
    assert Incident.objects.get().version == critical.incident.version


def test_the_api_takes_over_and_reassigns(critical):
    critical.phone("Alice").reply("4")
    critical.advance(seconds=5)
    critical.phone("Bob").expect_sms("Alice Adeyemi has")
    critical.mailbox("Bob").expect("Alice Adeyemi has")
    browser = critical.browser("Mona")
    browser.handler.enforce_csrf_checks = False
    here = "/api/v1/incidents/INC-2026-0001/"
    assert browser.post(f"{here}take-over/").json()["acknowledged_by"]["name"] == "Mona Meyer"
    critical.advance(seconds=5)
    critical.phone("Alice").expect_sms("Mona Meyer has", "by API")
    refused = browser.post(f"{here}take-over/")
    assert refused.status_code == 400, refused.content
    given = browser.post(
        f"{here}reassign/", {"person": critical.people["Bob"].public_id}, content_type="application/json"
    )
    assert given.json()["state"] == "triggered", given.content
    critical.advance(seconds=5)
    critical.phone("Bob").expect_sms("SEV1")
    critical.mailbox("Bob").expect("SEV1")
