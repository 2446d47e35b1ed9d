"""Badges: a key opens one picture and nothing else does; what it says is what the pages say."""

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock
from monitors.badge_drawing import INK, Shown, as_shields, as_svg
from monitors.models import Badge
from monitors.services import (
    change_badge,
    create_badge,
    retire_badge,
    retire_monitor,
    rotate_badge_key,
)
from monitors.views.badge import opened
from tests import builders
from tests.api import cast

ENDINGS = ("svg", "json")


@pytest.fixture
def here(db):
    now = clock.now()
    service = builders.service(now=now)
    return service, builders.monitor(service=service, now=now), now


def ask(key, ending="svg", **headers):
    return Client().get(f"/badge/{key}.{ending}", **headers)


@pytest.mark.parametrize("shows", ["state", "uptime"])
@pytest.mark.parametrize("of", ["service", "monitor"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_key_opens_it_and_nothing_else_does(here, of, ending, shows):
    service, monitor, now = here
    badge = create_badge(service if of == "service" else monitor, shows=shows, now=now)
    assert ask(badge.key, ending).status_code == 200
    wrong = badge.key[:-1] + ("A" if badge.key[-1] != "A" else "B")
    for guess in (wrong, badge.public_id, badge.subject.public_id, badge.key_hash, "1", "%00", "é" * 30, "x" * 4000):
        refused = ask(guess, ending)
        assert refused.status_code == 404
        assert badge.label not in refused.content.decode()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("ended", ["rotated", "retired", "subject retired"])
def test_what_was_taken_away_cannot_be_told_from_what_never_was(here, ending, ended):
    _service, monitor, now = here
    badge = create_badge(monitor, now=now)
    key, never = badge.key, ask("n" * 43, ending)
    if ended == "rotated":
        rotate_badge_key(badge, now=now, reason="It stood on a public page")
        assert ask(badge.key, ending).status_code == 200
    elif ended == "retired":
        retire_badge(badge, now=now, reason="Done")
    else:
        retire_monitor(monitor, now=now, reason="Gone")
    gone = ask(key, ending)
    assert (gone.status_code, gone.content) == (404, never.content)


def test_it_says_what_was_seen_and_never_up_for_what_nobody_watched(here):
    service, monitor, now = here
    of_monitor, of_service = create_badge(monitor, now=now), create_badge(service, now=now)
    uptime = create_badge(service, shows="uptime", now=now)
    assert ask(of_monitor.key, "json").json() == {
        "schemaVersion": 1, "label": "Checkout API", "message": "unknown", "color": "inactive",
    }  # fmt: skip
    assert ask(of_service.key, "json").json()["message"] == "unknown"
    assert ask(uptime.key, "json").json()["message"] == "not measured"


def test_it_is_the_same_for_everybody_and_may_be_kept_for_a_minute(here, client):
    service, _monitor, now = here
    badge = create_badge(service, now=now)
    client.force_login(builders.person("Ada Admin", "admin"))
    mine, theirs = client.get(f"/badge/{badge.key}.svg"), ask(badge.key)
    assert mine.content == theirs.content
    assert not mine.cookies and "Cookie" not in mine.get("Vary", "")
    assert theirs["Cache-Control"] == "public, max-age=60"
    assert ask(badge.key, HTTP_IF_NONE_MATCH=theirs["ETag"]).status_code == 304


def test_too_many_from_one_address_are_told_to_wait(here, monkeypatch):
    service, _monitor, now = here
    badge = create_badge(service, now=now)
    opened.clear()
    monkeypatch.setattr(opened, "most", 2)
    codes = [ask(badge.key).status_code for _ in range(3)]
    opened.clear()
    assert codes == [200, 200, 429]


def test_history_says_that_the_key_changed_and_never_what_it_is(here):
    service, _monitor, now = here
    badge = create_badge(service, now=now)
    before = badge.key
    rotate_badge_key(badge, now=now + timedelta(minutes=1), reason="Leaked")
    rows = list(Badge.history.filter(public_id=badge.public_id).values())
    assert len({row["key_fingerprint"] for row in rows}) == 2
    assert not [row for row in rows if before in str(row) or badge.key in str(row)]


def test_readers_see_badges_and_only_editors_their_addresses(here, client):
    service, _monitor, now = here
    badge = create_badge(service, now=now)
    client.force_login(builders.person("Vera Viewer", "viewer"))
    assert badge.key not in client.get(f"/badges/{badge.public_id}/").content.decode()
    client.force_login(builders.person("Ada Admin", "admin"))
    assert f"/badge/{badge.key}.svg" in client.get(f"/badges/{badge.public_id}/").content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "x" * 61}, "label"),
        ({"label": "a\nb"}, "label"),
        ({"shows": "all"}, "shows"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_its_field(here, changes, field):
    service, _monitor, now = here
    badge = create_badge(service, now=now)
    with pytest.raises(ValidationError) as refused:
        change_badge(badge, changes, now=now, reason="Test")
    assert set(refused.value.error_dict) == {field}


printable = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60)


@given(printable, printable, st.sampled_from(sorted(INK)))
def test_any_label_makes_a_picture_that_parses_and_says_it(label, message, meaning):
    shown = Shown(label, message, meaning)
    drawn = ET.fromstring(as_svg(shown))
    assert drawn.attrib["aria-label"] == f"{label}: {message}"
    assert [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")] == [label, message]
    assert as_shields(shown)["label"] == label


@pytest.mark.parametrize(
    ("role", "scopes", "told"), [("admin", ["read"], False), ("admin", ["write"], True), ("viewer", ["read"], False)]
)
def test_the_api_tells_addresses_only_to_who_may_change_the_badge(here, role, scopes, told):
    service, _monitor, now = here
    badge = create_badge(service, now=now)
    asking = cast.client(builders.person("Ada Admin", role), *scopes)
    found = asking.get(f"/api/v1/badges/{badge.public_id}/").json()
    assert (badge.key in str(found)) is told
