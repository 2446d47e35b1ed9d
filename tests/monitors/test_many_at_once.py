"""The same change for many monitors: each by itself, nothing hidden, one refusal stops nobody else."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.history import changes_of
from ledger import clock
from monitors.models import Monitor, Rule
from monitors.services import change_monitor, pause_monitor, retire_monitor
from monitors.services.bulk import CHANGE, PAUSE, RESUME, RETIRE, Wish, carry_out, preview
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    now = clock.now()
    ours, theirs = builders.team("Platform"), builders.team("Elsewhere")
    service, other = builders.service("Shop", team=ours, now=now), builders.service("Bank", team=theirs, now=now)
    monitors = [builders.monitor(f"m{n}", service=service, now=now) for n in range(3)]
    foreign = builders.monitor("m0", service=other, now=now)
    return now, monitors, foreign, builders.person("Mara Manager", "manager", team=ours)


def fresh(monitors):
    return [Monitor.objects.select_related("service", "team").get(pk=one.pk) for one in monitors]


def test_the_preview_says_what_would_change_and_changes_nothing(shop):
    _now, monitors, foreign, mara = shop
    planned = preview(fresh([*monitors, foreign]), Wish(CHANGE, {"interval_s": 300, "severity": 2}), by=mara)
    assert [[(d.label, d.before, d.after) for d in one.differences] for one in planned[:3]] == [
        [("Checked every", 60, 300)]
    ] * 3
    assert "Ask an admin" in planned[3].refused
    assert {one.interval_s for one in fresh(monitors)} == {60}


def test_each_gets_its_own_version_and_reason_and_a_refusal_stops_nobody(shop):
    now, monitors, foreign, mara = shop
    wish = Wish(CHANGE, {"interval_s": 300, "severity": 1})
    done = carry_out(fresh([foreign, *monitors]), wish, by=mara, now=now, reason="Quieter")
    assert [bool(one.refused) for one in done] == [True, False, False, False]
    for one in fresh(monitors):
        assert (one.interval_s, one.version) == (300, 2)
        assert changes_of(one)[0].reason == "Quieter"
        assert Rule.objects.in_force().get(monitor=one, condition="down").severity == 1
    assert fresh([foreign])[0].interval_s == 60


def test_one_that_was_changed_meanwhile_is_left_to_whoever_changed_it(shop):
    now, monitors, _foreign, mara = shop
    seen = {one.public_id: one.version for one in monitors}
    change_monitor(fresh(monitors)[0], {"timeout_s": 5}, now=now, reason="Faster")
    done = carry_out(fresh(monitors), Wish(RETIRE), by=mara, now=now, reason="Old", seen=seen)
    assert ["meanwhile" in one.refused for one in done] == [True, False, False]
    assert [one.retired_at is None for one in fresh(monitors)] == [True, False, False]


@pytest.mark.parametrize(
    ("action", "before", "refused"), [(PAUSE, True, "paused already"), (RESUME, False, "not paused")]
)
def test_what_is_so_already_is_said_and_not_done_twice(shop, action, before, refused):
    now, monitors, _foreign, mara = shop
    if before:
        pause_monitor(fresh(monitors)[0], now=now, reason="Test")
    (planned,) = preview(fresh(monitors[:1]), Wish(action), by=mara)
    (done,) = carry_out(fresh(monitors[:1]), Wish(action), by=mara, now=now + timedelta(seconds=1), reason="Again")
    assert refused in planned.refused and refused in done.refused


def test_a_retired_one_is_refused(shop):
    now, monitors, _foreign, mara = shop
    retire_monitor(fresh(monitors)[0], now=now, reason="Old")
    (done,) = carry_out(fresh(monitors[:1]), Wish(CHANGE, {"interval_s": 30}), by=mara, now=now, reason="Late")
    assert done.refused


def test_the_page_shows_first_then_does_and_then_tells(shop):
    _now, monitors, foreign, mara = shop
    client = Client()
    client.force_login(mara)
    ids = [one.public_id for one in (*monitors, foreign)]
    assert "4 monitors at once" in client.get("/monitors/several/", {"id": ids}).content.decode()
    asked = {"id": ids, "action": "change", "interval_s": "5 min", "reason": "Quieter at night"}
    shown = client.post("/monitors/several/", asked).content.decode()
    assert "3 monitors would change" in shown
    assert {one.interval_s for one in fresh(monitors)} == {60}
    told = client.post("/monitors/several/", {**asked, "id": hidden(shown), "confirmed": "yes"}).content.decode()
    assert "1 monitor refused" in told
    assert {one.interval_s for one in fresh(monitors)} == {300}


def hidden(page):
    """What a browser would send back of the monitors on the page."""
    return re.findall(r'name="id" value="([^"]+)"', page)


def test_one_that_was_changed_after_the_page_was_shown_is_refused_on_the_page(shop):
    now, monitors, _foreign, mara = shop
    client = Client()
    client.force_login(mara)
    asked = {"action": "pause", "reason": "Move"}
    shown = client.post("/monitors/several/", {**asked, "id": [one.public_id for one in monitors]}).content.decode()
    change_monitor(fresh(monitors)[1], {"timeout_s": 5}, now=now, reason="Faster")
    told = client.post("/monitors/several/", {**asked, "id": hidden(shown), "confirmed": "yes"}).content.decode()
    assert "1 monitor refused" in told and "meanwhile" in told
    assert [one.paused for one in fresh(monitors)] == [True, False, True]


def test_five_hundred_are_taken_in_one_form_and_more_are_said_to_be_left_out(shop):
    now, monitors, _foreign, mara = shop
    rows = [builders.monitor(f"copy {n}", service=monitors[0].service, now=now) for n in range(504)]
    client = Client()
    client.force_login(mara)
    ids = [one.public_id for one in (*monitors, *rows)]
    asked = {"action": "change", "interval_s": "5 min", "reason": "Quieter at night"}
    shown = client.post("/monitors/several/", {**asked, "id": ids}).content.decode()
    assert "7 monitors more were chosen and left out" in shown and len(hidden(shown)) == 500
    again = client.post("/monitors/several/", {**asked, "id": hidden(shown)})
    assert again.status_code == 200 and "more were chosen" not in again.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "change"},
        {"action": "explode", "reason": "x"},
        {"action": "pause"},
        {"action": "change", "interval_s": "soon", "reason": "x"},
    ],
    ids=["nothing to change", "no such action", "no reason", "no length of time"],
)
def test_what_cannot_be_done_is_refused_on_the_form(shop, asked):
    _now, monitors, _foreign, mara = shop
    client = Client()
    client.force_login(mara)
    answer = client.post("/monitors/several/", {"id": [monitors[0].public_id], "confirmed": "yes", **asked})
    assert answer.status_code == 422
    assert fresh(monitors)[0].version == 1


def test_nobody_chosen_leads_back_to_the_list(shop):
    *_, mara = shop
    client = Client()
    client.force_login(mara)
    assert client.get("/monitors/several/?id=mon_none&id=' OR 1=1").headers["Location"] == "/monitors/"
