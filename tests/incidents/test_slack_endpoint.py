"""The address for Slack is open to the world: only Slack, now, about a button, is heard, and quickly."""

import json
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import OperationalError

from incidents.views import slack as views
from oncall.models import InboundTap
from tests.scenarios.slack import MEMBERS, URL, member, press, workspace
from tests.world import FORM


@pytest.fixture
def paged(world, settings):
    with workspace(settings) as world.slack:
        member(world, "Alice")
        world.breaks("Checkout API")
        world.advance(minutes=2)
        world.phone("Alice").expect_sms("SEV2")
        world.said = world.slack.expect("SEV2")
        yield world


def nothing_happened(world):
    return not InboundTap.objects.exists() and world.incident.state == "triggered"


def signed(world, body, **more):
    headers, body = world.slack.signed(body, at=more.pop("at", world.now), **more)
    kind = headers.pop("Content-Type")
    return world.browser().post(URL, body, content_type=kind, headers=headers)


def test_a_signed_press_is_taken_without_a_session_and_within_three_seconds(paged):
    began = time.monotonic()
    response = press(paged, paged.said, "ack", "Alice")
    assert time.monotonic() - began < 3
    assert (response.status_code, response.content, not response.cookies) == (200, b"", True)
    assert paged.incident.state == "acknowledged"


@pytest.mark.parametrize("secret", ["", "somebody else's secret"])
def test_an_unsigned_or_foreign_press_is_refused(paged, secret):
    assert press(paged, paged.said, "ack", "Alice", secret=secret).status_code == 403
    assert nothing_happened(paged)


@pytest.mark.parametrize("off", [-301, 301])
def test_a_press_that_somebody_kept_is_refused(paged, off):
    assert press(paged, paged.said, "ack", "Alice", at=paged.now + timedelta(seconds=off)).status_code == 403
    assert nothing_happened(paged)


def test_a_body_that_was_changed_on_the_way_is_refused(paged):
    headers, body = paged.slack.press(paged.said, "ack", MEMBERS["Alice"], at=paged.now)
    kind = headers.pop("Content-Type")
    response = paged.browser().post(URL, body.replace("ack", "resolve"), content_type=kind, headers=headers)
    assert response.status_code == 403 and nothing_happened(paged)


def test_without_a_signing_secret_everything_is_refused(paged, settings):
    settings.SLACK_SIGNING_SECRET = ""
    assert press(paged, paged.said, "ack", "Alice").status_code == 403
    assert nothing_happened(paged)


def test_the_previous_secret_holds_while_it_is_changed(paged, settings):
    settings.SLACK_SIGNING_SECRET, settings.SLACK_SIGNING_SECRET_PREVIOUS = "a new one", paged.slack.secret
    assert press(paged, paged.said, "ack", "Alice").status_code == 200
    assert paged.incident.state == "acknowledged"


def test_many_unsigned_posts_are_slowed_down(paged):
    codes = {press(paged, paged.said, "ack", "Alice", secret="no").status_code for _ in range(40)}
    assert codes == {403, 429}


def test_a_member_who_presses_like_a_script_is_slowed_down(paged):
    responses = [press(paged, paged.said, "ack", "Stranger") for _ in range(35)]
    assert [one.status_code for one in responses][-1] == 429
    assert int(responses[-1].headers["Retry-After"]) > 0
    assert press(paged, paged.said, "ack", "Alice").status_code == 200, "nobody else is"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_post(paged, method):
    assert getattr(paged.browser(), method)(URL).status_code == 405


def test_a_body_is_at_most_64_kb(paged):
    body = urlencode({"payload": json.dumps({"type": "block_actions", "more": "x" * 70_000})})
    assert signed(paged, body).status_code == 413


@pytest.mark.parametrize(
    "body", ["payload=%7B", "payload=null", "", "payload=%00", "x=1", "payload=%ff", "ssl_check=1"]
)
def test_a_signed_body_that_is_no_press_breaks_nothing(paged, body):
    assert signed(paged, body).status_code in (200, 400)
    assert nothing_happened(paged)


def test_other_things_that_slack_tells_are_taken_and_ignored(paged):
    for payload in ({"type": "view_closed"}, {"type": "block_actions", "actions": [{"action_id": "something"}]}):
        assert signed(paged, urlencode({"payload": json.dumps(payload)})).status_code == 200
    assert nothing_happened(paged)


def test_without_the_database_slack_is_told_to_show_an_error(paged, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(views, "press", gone)
    response = press(paged, paged.said, "ack", "Alice")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_a_form_of_another_kind_is_read_as_bytes_all_the_same(paged):
    headers, body = paged.slack.press(paged.said, "ack", MEMBERS["Alice"], at=paged.now)
    headers.pop("Content-Type")
    assert paged.browser().post(URL, body, content_type=FORM, headers=headers).status_code == 200
