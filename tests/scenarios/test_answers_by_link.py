"""The link in a page: for one person, one incident and 24 hours; looking changes nothing, a button does."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from incidents.models import Incident, TimelineEntry
from ledger.models import Entry
from oncall.models import Page
from oncall.notify import links


@pytest.fixture
def link(world):
    """The link in the page on Alice's phone."""
    world.breaks("Checkout API")
    world.advance(minutes=2)
    phone = world.phone("Alice")
    return phone.link_in(phone.expect_sms("[1]"))


def press(world, link, verb, *, browser=None, **more):
    return (browser or world.browser()).post(link, {"do": verb, **more})


def everything_known():
    """All that a GET might have changed."""
    return (
        list(Incident.objects.values()),
        list(Page.objects.order_by("pk").values()),
        TimelineEntry.objects.count(),
        Entry.objects.count(),
    )


def test_looking_changes_nothing(world, link):
    before = everything_known()
    for _ in range(3):  # the mail scanner, the preview of the chat, Alice
        response = world.browser().get(link)
        assert response.status_code == 200
    assert everything_known() == before
    assert "Acknowledge" in response.content.decode()
    assert "Checkout API is down" in response.content.decode()


def test_it_is_not_cached_and_leaks_in_no_referer(world, link):
    response = world.browser().get(link)
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"


def test_a_press_acknowledges_and_the_page_says_so(world, link):
    response = press(world, link, "ack")
    assert (response.status_code, response["Location"]) == (302, link)
    assert world.incident.acknowledged_by == world.people["Alice"]
    after = world.browser().get(link).content.decode()
    assert "Yours since" in after
    assert "Bob Brandt was not called" in after
    world.advance(minutes=10)


def test_the_timeline_says_who_when_and_how(world, link):
    press(world, link, "ack")
    told = TimelineEntry.objects.get(kind="acknowledged")
    assert (told.person, told.recorded_at, told.actor_kind, told.how) == (
        world.people["Alice"], world.now, "link", "link in SMS to +44 … 01",
    )  # fmt: skip
    page = Page.objects.get(person=world.people["Alice"])
    assert (page.confirmed_how, page.confirmed_at) == ("link", world.now)


def test_a_link_in_a_mail_says_so_too(world, link):
    world.advance(minutes=5)
    world.phone("Bob").expect_sms()
    mailbox = world.mailbox("Bob")
    press(world, mailbox.link_in(mailbox.expect("is down")), "ack")
    assert "Bob Brandt acknowledged by link in e-mail to b…@larkspur.example." in world.story()[2]


def test_pressing_twice_is_told_once(world, link):
    press(world, link, "ack")
    press(world, link, "ack")
    assert TimelineEntry.objects.filter(kind="acknowledged").count() == 1


def test_a_press_escalates(world, link):
    press(world, link, "ack")
    assert press(world, link, "escalate").status_code == 302
    assert (world.incident.state, world.incident.acknowledged_by) == ("triggered", None)
    world.advance(seconds=1)
    world.phone("Bob").expect_sms("is down")
    world.mailbox("Bob").expect("is down")


def test_to_resolve_one_signs_in_first(world, link):
    response = press(world, link, "resolve")
    assert response.status_code == 302
    assert response["Location"].endswith("?next=/incidents/INC-2026-0001/")
    assert "sign-in" in response["Location"]
    assert world.incident.state == "triggered"


def test_signed_in_already_one_is_led_to_the_button(world, link):
    response = press(world, link, "resolve", browser=world.browser("Alice"))
    assert response["Location"] == "/incidents/INC-2026-0001/"
    assert world.incident.state == "triggered"


def test_after_a_day_it_has_ended(world, link):
    browser = world.browser()
    world.now += timedelta(hours=24) - timedelta(minutes=1)
    assert browser.get(link).status_code == 200
    world.now += timedelta(minutes=1)
    for response in (browser.get(link), press(world, link, "ack")):
        assert response.status_code == 410
        assert "This link has ended" in response.content.decode()
    assert world.incident.state == "triggered"


@pytest.mark.parametrize("changed", ["one letter", "cut off", "another page's id", "nothing like it"])
def test_a_link_that_was_altered_is_not_known(world, link, changed):
    token = link.split("/")[2]
    other = {
        "one letter": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "cut off": token[:-5],
        "another page's id": "a" * 16 + token[16:],
        "nothing like it": "🙈" * 10,
    }[changed]
    for response in (world.browser().get(f"/a/{other}/"), press(world, f"/a/{other}/", "ack")):
        assert response.status_code == 404
        assert "This link is not known" in response.content.decode()
    assert world.incident.state == "triggered"


def test_guessing_is_slowed_down(world):
    answers = [world.browser().get(f"/a/{'x' * 38}/") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [404] * 30 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_somebody_else_who_is_signed_in_cannot_act_in_her_name(world, link):
    browser = world.browser("Mona")
    for response in (browser.get(link), press(world, link, "ack", browser=browser)):
        assert response.status_code == 403
        assert "This link is for somebody else" in response.content.decode()
    assert world.incident.state == "triggered"
    assert world.browser("Alice").get(link).status_code == 200


def test_a_person_who_left_answers_nothing(world, link):
    alice = world.people["Alice"]
    alice.is_active = False
    alice.save(now=world.now, reason="Left")
    assert press(world, link, "ack").status_code == 404
    assert world.incident.state == "triggered"


def test_who_may_no_longer_respond_is_refused_and_it_is_told(world, link):
    alice = User.objects.get(pk=world.people["Alice"].pk)
    alice.role = "viewer"
    alice.save(now=world.now, reason="Test")
    response = press(world, link, "ack")
    assert response.status_code == 403
    assert "Your role may not answer" in response.content.decode()
    assert TimelineEntry.objects.get(kind="refused").person == alice
    assert world.incident.state == "triggered"


def test_a_press_after_the_end_is_recorded_and_changes_nothing(world, link):
    world.mends("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("Stand down")
    assert press(world, link, "ack").status_code == 302
    assert TimelineEntry.objects.get(kind="acknowledged_late").person == world.people["Alice"]
    assert press(world, link, "escalate").status_code == 409
    assert world.incident.state == "resolved"
    assert "It is over" in world.browser().get(link).content.decode()


@pytest.mark.parametrize(("verb", "status"), [("", 400), ("explode", 400), ("ACK", 400)])
def test_what_no_button_says_is_refused(world, link, verb, status):
    assert press(world, link, verb).status_code == status
    assert world.incident.state == "triggered"


def test_ten_megabytes_are_no_answer(world, link):
    response = world.browser().post(link, {"do": "ack", "x": "x" * 10_000_000})
    assert response.status_code == 413
    assert world.incident.state == "triggered"


def test_without_the_database_it_does_not_claim_to_have_recorded(world, link, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("the database is gone")

    monkeypatch.setattr(links, "read", gone)
    response = press(world, link, "ack")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "nothing was recorded" in response.content.decode()


def test_other_methods_are_refused(world, link):
    assert world.browser().put(link).status_code == 405
    assert world.browser().head(link).status_code == 200


def test_no_cookie_and_no_script_is_needed_and_it_is_small(world, link):
    response = Client(enforce_csrf_checks=True).get(link)
    assert not response.cookies
    assert "<script" not in response.content.decode()
    assert len(response.content) < 12 * 1024
