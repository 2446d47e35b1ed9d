"""The page of a monitor has its response times by day and by location, as a drawing and as a table; the API tells the same."""

from datetime import timedelta

import pytest

from ledger import clock
from monitors.services import create_location, set_locations
from tests import builders
from tests.monitors.checked import ran

DAY = timedelta(days=1)


@pytest.fixture
def viewer(as_):
    return as_("viewer")


@pytest.fixture
def timed(house):
    now = clock.now()
    monitor = builders.monitor("Timed", service=house.service, now=now - 5 * DAY, interval_s=300)
    near, far = (create_location(name=name, now=now - 5 * DAY, reason="Test") for name in ("Near", "Far"))
    set_locations(monitor, [near, far], now=now - 5 * DAY, reason="Test")
    ran(monitor, now - 5 * DAY, now, lambda at: 100.0, place=near)
    ran(monitor, now - 5 * DAY, now, lambda at: 731.5, place=far)
    return monitor


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_each_day_and_each_location_has_its_percentiles(timed, viewer):
    text = text_of(viewer, f"/monitors/{timed.public_id}/")
    about = text[text.index("Response times by day") : text.index("Configuration history")]
    assert 'aria-label="Median, p95 and p99 of each day"' in about
    assert about.count("all together") == 6
    assert about.count(">Near<") == about.count(">Far<") == 7
    places = about[about.index("Response times of each location") :]
    assert places.index("Far") < places.index("731.5") < places.index("Near") < places.index("All together")


def test_the_api_tells_days_and_locations(timed, viewer):
    told = viewer.get(f"/api/v1/monitors/{timed.public_id}/response-times/days/").json()
    assert [len(told["items"]), told["threshold_ms"]] == [6, None]
    days = [one["day"] for one in told["items"]]
    assert days == sorted(days, reverse=True)
    for one in (*told["items"], told):
        by_name = {each["location"]["name"]: each["p95"] for each in one["locations"]}
        assert by_name == {"Near": {"ms": 100.0, "at_least": False}, "Far": {"ms": 731.5, "at_least": False}}
    spans = viewer.get(f"/api/v1/monitors/{timed.public_id}/response-times/").json()["items"]
    assert [one["span"] for one in spans] == ["day", "week", "month"]
    assert spans[0]["ok"] == sum(each["ok"] for each in spans[0]["locations"])


def test_one_location_needs_no_table_of_its_own(house, viewer):
    now = clock.now()
    monitor = builders.monitor("Alone", service=house.service, now=now - 2 * DAY, interval_s=300)
    assert "No check was answered on these days." in text_of(viewer, f"/monitors/{monitor.public_id}/")
    ran(monitor, now - 2 * DAY, now)
    text = text_of(viewer, f"/monitors/{monitor.public_id}/")
    assert "Response times of each day" in text
    assert "Response times of each location" not in text


def test_too_many_checks_for_a_page_leave_the_section_out(house, viewer):
    monitor = builders.monitor("Busy", service=house.service, now=clock.now() - DAY, interval_s=1, timeout_s=1)
    assert "Response times by day" not in text_of(viewer, f"/monitors/{monitor.public_id}/")
    assert viewer.get(f"/api/v1/monitors/{monitor.public_id}/response-times/days/").json()["items"] != []


def test_a_heartbeat_has_no_response_times(house, viewer):
    beat = builders.heartbeat(service=house.service, now=clock.now())
    assert "Response times by day" not in text_of(viewer, f"/monitors/{beat.public_id}/")
