"""The page behind a signed link: small, without script, and truthful about whose the incident is."""

import re

import pytest

from incidents.services.transitions import acknowledge, resolve
from incidents.services.work import declare
from ledger import clock
from oncall.models import Page
from oncall.notify.links import token_for
from tests.face.scene import actor

pytestmark = pytest.mark.django_db
BUDGET = 12_000


@pytest.fixture
def scene(unanswered):
    return unanswered


def path_for(scene, name):
    page = Page.objects.filter(person=scene.people[name], origin="step").order_by("pk").first()
    return f"/a/{token_for(page)}/"


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_it_is_under_twelve_kilobytes_and_carries_no_script(scene, client):
    answer = client.get(path_for(scene, "ben"))
    assert answer.status_code == 200
    assert len(answer.content) < BUDGET
    assert b"<script" not in answer.content


def test_it_stays_small_when_everybody_was_paged_and_every_check_was_seen(scene, client):
    scene.incident.title = "A title as long as one may be " * 6
    scene.incident.save(update_fields=["title"])
    for i in range(3):
        who = scene.people["ben"]
        declare(
            title=f"More {i}", severity=1, service=None, actor=actor(who), person=who, how="screen", now=clock.now()
        )
    assert len(client.get(path_for(scene, "ben")).content) < BUDGET


def test_it_says_what_fails_since_when_who_was_paged_and_who_is_next(scene, client):
    said = text_of(client.get(path_for(scene, "ben")))
    assert "Place order is down" in said
    assert "Still failing." in said
    assert "502 Bad Gateway" in said
    assert re.search(r"Ana Duarte\s+delivered", said)
    assert re.search(r"You\s+this page is open", said)
    assert "next, due" in said
    assert "Every tap is recorded." in said


def test_looking_changes_nothing(scene, client):
    client.get(path_for(scene, "ben"))
    client.head(path_for(scene, "ben"))
    scene.incident.refresh_from_db()
    assert scene.incident.state == "triggered"


def test_the_first_button_acknowledges_and_then_it_says_yours(scene, client):
    path = path_for(scene, "ben")
    page = client.get(path).content.decode()
    assert page.index('value="ack"') < page.index('value="escalate"') < page.index('value="resolve"')
    said = text_of(client.post(path, {"do": "ack"}, follow=True))
    assert "Yours since" in said
    assert "Nobody else will be called." in said


def test_somebody_elses_incident_names_them(scene, client):
    ana = scene.people["ana"]
    acknowledge(scene.incident, actor=actor(ana), person=ana, how="screen", now=clock.now())
    page = client.get(path_for(scene, "ben"))
    assert "Ana Duarte has it since" in text_of(page)
    assert "Acknowledge too" in text_of(page)


def test_an_incident_that_is_over_offers_nothing_to_press(scene, client):
    ana = scene.people["ana"]
    resolve(scene.incident, actor=actor(ana), person=ana, how="screen", now=clock.now())
    page = client.get(path_for(scene, "ben"))
    assert "It is over" in text_of(page)
    assert "Ana Duarte resolved it" in text_of(page)
    assert b"<button" not in page.content


def test_times_are_in_the_zone_of_the_person_and_the_zone_is_named(scene, client):
    assert re.search(r"\d\d:\d\d\s+Berlin", text_of(client.get(path_for(scene, "ben"))))


def test_a_link_that_does_not_hold_says_why_in_a_page_of_ours(scene, client):
    answer = client.get("/a/0123456789abcdefabcdefabcdefabcdefabcd/")
    assert answer.status_code == 404
    assert "This link is not known" in text_of(answer)
    client.force_login(scene.people["vera"])
    foreign = client.get(path_for(scene, "ben"))
    assert foreign.status_code == 403
    assert "This link is for somebody else" in text_of(foreign)
