"""Maintenance windows on the screen: planned with a look ahead, approved by another, shown where people look."""

from datetime import timedelta

import pytest
from django.test import Client

from ledger import clock
from monitors.models import MaintenanceWindow
from tests import builders

SUNDAYS = {
    "name": "Weekly patches", "description": "Kernel", "team": "", "starts": "2027-03-21T02:30", "zone": "Europe/Berlin",
    "length_s": "90 min", "repeats": "FREQ=WEEKLY", "rrule": "",
}  # fmt: skip


@pytest.fixture
def mona(house):
    client = Client()
    client.force_login(house.people["manager"])
    return client


def plan(house, **more):
    return {**SUNDAYS, "services": [house.service.public_id], **more}


def test_the_next_times_are_shown_in_both_zones_before_anything_is_saved(house, mona):
    page = mona.post("/maintenance/new/", plan(house, look="1")).content.decode()
    assert "Every week on Sunday at 02:30 for 1 h 30 min, Europe/Berlin." in page
    # 28 March 2027 has no 02:30 in Berlin
    assert "Sun 28 Mar 2027, 03:30 to 05:00" in page and "Sun 28 Mar 2027, 01:30 to 03:00" in page
    assert MaintenanceWindow.objects.filter(name="Weekly patches").count() == 0


def test_a_window_is_planned_by_one_and_approved_by_another(house, mona, as_):
    answer = mona.post("/maintenance/new/", plan(house))
    window = MaintenanceWindow.objects.get(name="Weekly patches")
    assert answer["Location"] == f"/maintenance/{window.public_id}/"
    own = mona.post(f"/maintenance/{window.public_id}/approve/", {"reason": "Fine", "version": window.version})
    assert own.status_code == 422 and "Let somebody else approve" in own.content.decode()
    other = as_("admin").post(
        f"/maintenance/{window.public_id}/approve/", {"reason": "Fine", "version": window.version}
    )
    assert other.status_code == 302
    window.refresh_from_db()
    assert window.approved_by == house.people["admin"]


def test_who_approves_what_was_changed_meanwhile_is_shown_the_change_first(house, mona, as_):
    mona.post("/maintenance/new/", plan(house))
    window = MaintenanceWindow.objects.get(name="Weekly patches")
    stale = {"reason": "Fine", "version": window.version}
    changed = plan(house, length_s="4 h", reason="More to do", version=window.version)
    assert mona.post(f"/maintenance/{window.public_id}/edit/", changed).status_code == 302
    answer = as_("admin").post(f"/maintenance/{window.public_id}/approve/", stale)
    assert answer.status_code == 409 and "changed this while you wrote" in answer.content.decode()
    window.refresh_from_db()
    assert window.approved_by is None


def test_what_cannot_be_is_said_beside_its_field(house, mona):
    page = mona.post("/maintenance/new/", plan(house, repeats="custom", rrule="FREQ=HOURLY"))
    assert page.status_code == 422 and "FREQ is DAILY, WEEKLY, MONTHLY or YEARLY." in page.content.decode()
    page = mona.post("/maintenance/new/", {**SUNDAYS})
    assert page.status_code == 422 and "Choose at least one service or monitor." in page.content.decode()


def test_nobody_mutes_what_they_may_not_edit(house, mona):
    answer = mona.post("/maintenance/new/", plan(house, services=[house.other_service.public_id]))
    assert answer.status_code in (403, 422)
    assert not MaintenanceWindow.objects.filter(name="Weekly patches").exists()


def test_a_window_in_progress_stands_on_now_and_on_what_it_covers(house, as_):
    instant = clock.now()
    window = builders.window(
        house.service, name="Disk swap", team=house.team, by=house.colleague, approved_by=house.people["admin"],
        starts_in=timedelta(minutes=-5), now=instant,
    )  # fmt: skip
    viewer = as_("viewer")
    for address in (
        "/", "/maintenance/", f"/monitors/{house.monitor.public_id}/", f"/services/{house.service.public_id}/",
        f"/maintenance/{window.public_id}/",
    ):  # fmt: skip
        page = viewer.get(address).content.decode()
        assert "Disk swap" in page and "In progress" in page, address
    assert "What it covers pages nobody until then." in page


def test_it_is_extended_and_ended_with_a_reason(house, as_):
    instant = clock.now()
    window = builders.window(
        house.service, team=house.team, by=house.colleague, approved_by=house.people["admin"],
        starts_in=timedelta(minutes=-5), now=instant,
    )  # fmt: skip
    span = window.spans.get()
    mona = as_("manager")
    assert (
        mona.post(f"/maintenance/times/{span.public_id}/extend/", {"length_s": "20 min", "reason": "Slow"}).status_code
        == 302
    )
    assert window.spans.get(part=1).planned_end == span.planned_end + timedelta(minutes=20)
    assert mona.post(f"/maintenance/times/{span.public_id}/end/", {"reason": "Done"}).status_code == 302
    assert sorted(window.spans.values_list("ending", flat=True)) == ["cancelled", "ended_early"]
    page = mona.get(f"/maintenance/{window.public_id}/").content.decode()
    assert "Ended early" in page and "Done" in page
