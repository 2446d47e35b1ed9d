"""What people do with Watchbook, in a real browser: sign in, take an incident, answer from a phone, read without script."""

import re

import pytest

from incidents.services.transitions import acknowledge, resolve
from ledger import clock
from ledger.liveness import beat
from oncall.models import Page
from oncall.notify.links import token_for
from tests.face.scene import PASSWORD, actor, night


@pytest.fixture
def scene(transactional_db, settings):
    settings.EMAIL_URL = "smtp://mail.larkspur.example"
    made = night(clock.now(), answered=False)
    for component in ("engine", "step:claim", "step:plan", "step:link"):
        beat(component, now=clock.now())
    return made


def link_for(scene, name):
    page = Page.objects.filter(person=scene.people[name], origin="step").order_by("pk").first()
    return f"/a/{token_for(page)}/"


def test_ben_signs_in_takes_the_incident_writes_a_note_and_resolves_it(scene, read):
    ben = read()
    ben.opens("/")
    ben.page.get_by_label(re.compile("e-?mail", re.I)).fill("ben@larkspur.example")
    ben.page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    ben.page.get_by_role("button", name="Sign in").click()
    assert "Place order is down since" in ben.page.get_by_role("heading", level=1).inner_text()
    ben.page.get_by_role("link", name="Open the incident").click()
    ben.page.get_by_role("button", name="Acknowledge").click()
    assert "Yours. Nobody else will be called." in ben.page.get_by_role("status").inner_text()
    ben.page.get_by_label("Add a note").fill("Rolling back")
    ben.page.get_by_role("button", name="Add", exact=True).click()
    assert ben.page.get_by_text("Rolling back").is_visible()
    ben.is_sound()
    ben.page.get_by_role("button", name="Resolve").click()
    assert ben.page.get_by_role("button", name="Resolve").count() == 0
    scene.incident.refresh_from_db()
    assert scene.incident.state == "resolved"


def test_an_open_page_learns_what_others_do_and_keeps_what_is_being_written(scene, read):
    mara = read(scene.people["mara"])
    mara.opens(f"/incidents/{scene.incident.number}/")
    mara.page.get_by_label("Add a note").fill("half a sent")
    ana = scene.people["ana"]
    acknowledge(scene.incident, actor=actor(ana), person=ana, how="screen", now=clock.now())
    mara.page.get_by_text("Ana Duarte acknowledged").wait_for(timeout=20_000)
    assert mara.page.locator("#b-ack").count() == 0
    assert mara.page.get_by_label("Add a note").input_value() == "half a sent"
    assert mara.complaints == []


def test_an_unchanged_page_is_answered_204_and_left_alone(scene, read):
    ana = scene.people["ana"]
    resolve(scene.incident, actor=actor(ana), person=ana, how="screen", now=clock.now())
    mara = read(scene.people["mara"])
    seen = []
    mara.page.on(
        "response", lambda answer: seen.append(answer.status) if answer.request.headers.get("hx-request") else None
    )
    mara.opens("/incidents/")
    mara.page.evaluate("document.querySelector('[data-live]').dataset.live = '1'")
    mara.page.wait_for_timeout(1_000)
    deadline = 40
    while seen.count(204) < 1 and deadline:
        mara.page.wait_for_timeout(500)
        deadline -= 1
    assert 204 in seen
    assert set(seen) <= {200, 204}


def test_a_page_that_cannot_be_refreshed_says_how_old_it_is(scene, read):
    mara = read(scene.people["mara"])
    mara.opens("/")
    mara.page.evaluate("document.querySelector('[data-live]').dataset.live = '1'")
    mara.page.route(re.compile(".*"), lambda route: route.abort())
    mara.page.get_by_text("Not up to date").wait_for(timeout=30_000)


def test_a_page_is_answered_from_a_phone_without_script_or_sign_in(scene, read):
    ben = read(width=360, height=740, theme="dark", script=False)
    ben.opens(link_for(scene, "ben"))
    button = ben.page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box["height"] >= 56
    assert box["y"] + box["height"] <= 740, "the answer lies under the thumb, without scrolling"
    button.click()
    assert "Yours since" in ben.page.get_by_role("heading", level=1).inner_text()
    scene.incident.refresh_from_db()
    assert scene.incident.acknowledged_by == scene.people["ben"]


def test_everything_can_be_done_without_script(scene, read):
    ben = read(scene.people["ben"], script=False)
    ben.opens("/")
    ben.page.get_by_role("link", name="Open the incident").click()
    ben.page.get_by_role("button", name="Acknowledge").click()
    ben.page.get_by_role("link", name="Add a person").click()
    ben.page.get_by_label("Who", exact=True).select_option(label="Mara Lindqvist")
    ben.page.get_by_role("button", name="Page them now").click()
    assert "Mara Lindqvist is paged now." in ben.page.content()
    ben.page.get_by_role("button", name="Dark").click()
    assert ben.page.locator("html[data-theme=dark]").count() == 1


def test_the_theme_is_chosen_once_and_follows_the_person(scene, read):
    ben = read(scene.people["ben"], theme="light")
    ben.opens("/")
    light = ben.page.evaluate("getComputedStyle(document.body).backgroundColor")
    ben.page.get_by_role("button", name="Dark").click()
    ben.page.wait_for_load_state()
    dark = ben.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    elsewhere = read(scene.people["ben"], theme="light")
    elsewhere.opens("/incidents/")
    assert elsewhere.page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_the_keyboard_reaches_everything_and_shows_where_it_is(scene, read):
    ben = read(scene.people["ben"])
    ben.opens(f"/incidents/{scene.incident.number}/")
    ben.page.keyboard.press("Tab")
    assert ben.page.evaluate("document.activeElement.textContent") == "Skip to content"
    ben.page.keyboard.press("Enter")
    reached = []
    for _ in range(12):
        ben.page.keyboard.press("Tab")
        reached.append(ben.page.evaluate("document.activeElement.textContent.trim()"))
        assert ben.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert "Acknowledge" in reached
    assert "Escalate now" in reached


def test_ages_go_on_counting_while_a_page_stays_open(scene, read):
    mara = read(scene.people["mara"])
    mara.opens(f"/incidents/{scene.incident.number}/")
    span = mara.page.locator("[data-since]").first
    before = span.inner_text()
    mara.page.wait_for_timeout(2_200)
    assert span.inner_text() != before
