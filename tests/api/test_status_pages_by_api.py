"""Status pages, components and public updates through the API: the same services, the same refusals."""

import pytest
from django.test import Client

from tests import builders
from tests.api import cast
from tests.api.house import build
from tests.once import built

pytestmark = pytest.mark.django_db
PAGES, COMPONENTS, UPDATES = "/api/v1/status-pages/", "/api/v1/components/", "/api/v1/status-updates/"


_house, house = built(build)


@pytest.fixture(autouse=True)
def no_rate_is_met(settings):
    settings.API_RATES = dict.fromkeys(settings.API_RATES, (10_000, 60))


def code(response):
    return response.json()["error"]["code"]


def test_a_program_makes_a_page_and_tells_customers(house):
    manager = cast.client(house.people["manager"], "write")
    made = manager.post(PAGES, {"name": "Acme", "slug": "acme", "team": house.team.public_id, "intro": "Hello."})
    assert made.status_code == 201
    page = made.json()
    assert (page["published"], page["intro"], page["timezone"]) == (False, "Hello.", "UTC")
    added = manager.post(COMPONENTS, {"page": page["id"], "service": house.service.public_id, "name": "Paying"}).json()
    assert (added["position"], added["hidden"], added["page"]["name"]) == (1, False, "Acme")
    published = manager.patch(
        f"{PAGES}{page['id']}/", {"published": True, "reason": "Ready", "version": page["version"]}
    )
    assert published.json()["published"] is True
    responder = cast.client(house.people["responder"], "respond")
    said = {
        "page": page["id"], "incident": house.incident.number, "status": "investigating", "title": "Paying fails",
        "text": "We look into it.", "affected": [{"component": added["id"], "impact": "down"}],
    }  # fmt: skip
    told = responder.post(UPDATES, said, headers={"Idempotency-Key": "once"})
    again = responder.post(UPDATES, said, headers={"Idempotency-Key": "once"})
    assert told.status_code == again.status_code == 201
    assert told.json() == again.json()
    assert (told.json()["how"], told.json()["story"]) == ("API", told.json()["id"])
    seen = Client().get("/status/acme/summary.json").json()
    assert seen["status"]["words"] == "Paying fails"
    assert [one["text"] for one in seen["incidents"][0]["updates"]] == ["We look into it."]
    later = {**said, "status": "resolved", "text": "Over."}
    del later["title"], later["affected"]
    assert responder.post(UPDATES, later).json()["title"] == "Paying fails"


def test_a_correction_keeps_what_it_does_not_say_and_is_made_once(house):
    responder = cast.client(house.people["responder"], "respond")
    address = f"{UPDATES}{house.update.public_id}/corrections/"
    said = {"status": "investigating", "text": "We look into the payments.", "reason": "Clearer"}
    new = responder.post(address, said).json()
    assert (new["supersedes"], new["title"], new["reason"]) == (house.update.public_id, "Payments fail", "Clearer")
    old = responder.get(f"{UPDATES}{house.update.public_id}/").json()
    assert (old["superseded_by"], new["occurred_at"]) == (new["id"], old["occurred_at"])
    again = responder.post(address, said)
    assert (again.status_code, code(again)) == (409, "conflict")
    for wanted, ids in (("true", [new["id"]]), ("false", [old["id"]])):
        listed = responder.get(UPDATES, {"standing": wanted, "incident": house.incident.number}).json()["items"]
        assert [one["id"] for one in listed] == ids


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "fine"}, "status"),
        ({"text": ""}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"page": "stp_0000000000000000"}, "page"),
        ({"incident": "INC-2026-9999"}, "incident"),
        ({"incident": "INC 1"}, "incident"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"affected": [{"component": "cmp_0000000000000000", "impact": "down"}]}, "affected"),
        ({"affected": [{"component": "cmp_0000000000000000", "impact": "worse"}]}, "affected.0.impact"),
        ({"affected": "all"}, "affected"),
        ({"person": "usr_0000000000000000"}, "person"),
    ],
)
def test_a_bad_update_names_its_field(house, change, field):
    said = {"page": house.page.public_id, "incident": house.incident.number, "status": "identified", "text": "Found."}
    answer = cast.client(house.people["responder"], "respond").post(UPDATES, {**said, **change})
    assert answer.status_code == 400
    assert field in cast.problems(answer)


def test_a_page_of_another_team_is_not_edited(house):
    theirs = builders.status_page("Theirs", "theirs", team=builders.team("Warehouse"))
    manager = cast.client(house.people["manager"], "write")
    assert manager.patch(f"{PAGES}{theirs.public_id}/", {"name": "Mine"}).status_code == 403
    new = {"page": theirs.public_id, "service": house.service.public_id, "name": "Mine"}
    assert manager.post(COMPONENTS, new).status_code == 403
    moved = manager.patch(f"{PAGES}{house.page.public_id}/", {"team": theirs.team.public_id})
    assert moved.status_code == 403


def test_a_taken_address_and_a_stale_version_are_conflicts(house):
    manager = cast.client(house.people["manager"], "write")
    taken = manager.post(PAGES, {"name": "Second", "slug": "larkspur", "team": house.team.public_id})
    assert (taken.status_code, code(taken)) == (409, "taken")
    stale = manager.patch(f"{PAGES}{house.page.public_id}/", {"name": "New", "version": 9})
    assert (stale.status_code, code(stale)) == (409, "stale_version")


def test_a_retired_page_can_be_read_and_its_history_too(house):
    manager = cast.client(house.people["manager"], "write")
    address = f"{PAGES}{house.page.public_id}/"
    assert manager.post(f"{address}retire/", {"reason": "Gone"}).status_code == 204
    assert manager.get(address).json()["retired_at"]
    newest = manager.get(f"{address}history/").json()["items"][0]
    assert (newest["change"], newest["reason"]) == ("retired", "Gone")
    assert manager.patch(address, {"name": "Back"}).status_code == 404
