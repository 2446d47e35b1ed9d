"""Maintenance windows by a program."""

from datetime import timedelta

import pytest

from ledger import clock
from monitors.models import MaintenanceSpan
from tests.api import cast
from tests.api.house import build


@pytest.fixture
def house(db):
    return build()


def given(house, **more):
    return {
        "name": "Patches", "zone": "Europe/Berlin", "starts": "2027-03-21T02:30", "length_s": 3600,
        "rrule": "FREQ=WEEKLY;COUNT=2", "covered": [house.service.public_id], **more,
    }  # fmt: skip


def test_a_window_is_looked_at_planned_approved_and_cancelled(house):
    mona, ada = cast.client(house.people["manager"]), cast.client(house.people["admin"])
    plan = {name: given(house)[name] for name in ("zone", "starts", "length_s", "rrule")}
    looked = mona.post("/api/v1/maintenance-windows/preview/", plan, "json").json()
    assert looked["times"][1] == {"start": "2027-03-28T01:30:00.000Z", "end": "2027-03-28T02:30:00.000Z"}
    made = mona.post("/api/v1/maintenance-windows/", given(house), "json").json()
    assert made["summary"] == "Every week on Sunday at 02:30 for 1 h, Europe/Berlin, 2 times"
    address = f"/api/v1/maintenance-windows/{made['id']}/"
    own = mona.post(f"{address}approve/", {}, "json")
    assert (own.status_code, own.json()["error"]["fields"][0]["field"]) == (400, "window")
    assert (
        ada.post(f"{address}approve/", {"reason": "Agreed"}, "json").json()["approved_by"]["id"]
        == house.people["admin"].public_id
    )
    assert ada.post(f"{address}approve/", {}, "json").status_code == 409
    assert mona.post(f"{address}announce/", {}, "json").json()["announced_at"]
    assert mona.post(f"{address}cancel/", {"reason": "Not needed"}, "json").status_code == 204
    assert not MaintenanceSpan.objects.filter(window__public_id=made["id"], ending=None).exists()


@pytest.mark.parametrize(
    ("differs", "field"),
    [
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"starts": "2027-13-01T00:00"}, "starts"),
        ({"rrule": "FREQ=MINUTELY"}, "rrule"),
        ({"covered": []}, "covered"),
        ({"covered": ["svc_0000000000000000"]}, "covered"),
        ({"length_s": "3600"}, "length_s"),
    ],
)
def test_what_cannot_be_is_refused_by_field(house, differs, field):
    answer = cast.client(house.people["admin"]).post("/api/v1/maintenance-windows/", given(house, **differs), "json")
    assert (answer.status_code, cast.problems(answer)) == (400, [field])


def test_times_are_found_extended_and_ended(house):
    ada = cast.client(house.people["admin"])
    start = clock.now() - timedelta(minutes=5)
    made = ada.post(
        "/api/v1/maintenance-windows/", given(house, zone="UTC", starts=f"{start:%Y-%m-%dT%H:%M}", rrule=""), "json"
    ).json()
    cast.client(house.people["manager"]).post(f"/api/v1/maintenance-windows/{made['id']}/approve/", {}, "json")
    (span,) = ada.get("/api/v1/maintenance-spans/", {"window": made["id"]}).json()["items"]
    assert (span["state"], span["retroactive"]) == ("active", True)
    later = f"{clock.now() + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    longer = ada.post(f"/api/v1/maintenance-spans/{span['id']}/extend/", {"until": later, "reason": "Slow"}, "json")
    assert (longer.status_code, longer.json()["part"]) == (201, 1)
    ended = ada.post(f"/api/v1/maintenance-spans/{span['id']}/end/", {"reason": "Done"}, "json").json()
    assert (ended["state"], ended["ending_reason"]) == ("ended_early", "Done")
    assert ada.post(f"/api/v1/maintenance-spans/{span['id']}/end/", {"reason": "Again"}, "json").status_code == 409
