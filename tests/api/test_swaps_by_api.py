"""A shift changes hands by program: each step by whom it is for, and refused to others with the reason."""

from datetime import timedelta

import pytest

from ledger import clock
from tests import builders
from tests.api import cast

HOUR = timedelta(hours=1)


@pytest.fixture
def team(db):
    return builders.team("Payments", now=clock.now())


@pytest.fixture
def people(team):
    roles = {"Rita": "responder", "Rolf": "responder", "Vera": "viewer", "Mona": "manager"}
    return {name: cast.person(role, name, team=team) for name, role in roles.items()}


@pytest.fixture
def callers(people):
    return {name: cast.client(person) for name, person in people.items()}


@pytest.fixture
def schedule(people, team):
    return builders.schedule(people["Rita"], team=team, starts="2020-01-06T09:00", now=clock.now())


@pytest.fixture
def asked(callers, schedule):
    def ask(by="Rita", **more):
        start = clock.now() + HOUR
        body = {
            "schedule": schedule.public_id,
            "start_at": start.isoformat(),
            "end_at": (start + HOUR).isoformat(),
            **more,
        }
        return callers[by].post("/api/v1/swaps/", body, "json")

    return ask


def step(caller, swap, verb, **body):
    return caller.post(f"/api/v1/swaps/{swap['id']}/{verb}/", body, "json")


def test_it_is_asked_for_offered_and_accepted_and_tells_what_it_became(callers, people, asked):
    made = asked(note="Dentist")
    assert (made.status_code, made.json()["state"], made.json()["note"]) == (201, "requested", "Dentist")
    swap = made.json()
    assert step(callers["Rolf"], swap, "offer").json()["state"] == "offered"
    done = step(callers["Rita"], swap, "accept").json()
    assert (done["state"], done["taker"]["id"], len(done["overrides"])) == ("done", people["Rolf"].public_id, 1)
    override = callers["Vera"].get(f"/api/v1/overrides/{done['overrides'][0]}/").json()
    assert (override["swap"], override["who"]["id"]) == (swap["id"], people["Rolf"].public_id)
    again = step(callers["Rita"], swap, "accept")
    assert (again.status_code, again.json()["error"]["message"]) == (409, "The swap is done, so nobody can accept it.")
    notices = callers["Vera"].get("/api/v1/notices/", {"kind": "swap"}).json()["items"]
    assert {(one["person"]["id"], one["about"]) for one in notices} >= {(people["Rolf"].public_id, swap["id"])}


def test_each_step_is_for_whom_it_is_for(callers, people, asked):
    assert asked(by="Vera").status_code == 403
    assert asked(by="Rolf", giver=people["Rita"].public_id).status_code == 403
    swap = asked(by="Mona", giver=people["Rita"].public_id, asked=people["Rolf"].public_id).json()
    assert step(callers["Vera"], swap, "offer").status_code == 403
    assert step(callers["Rolf"], swap, "accept").status_code == 403
    assert step(callers["Rita"], swap, "decline").status_code == 403
    assert step(callers["Rolf"], swap, "approve").status_code == 403
    declined = step(callers["Rolf"], swap, "decline", reason="On leave").json()
    assert (declined["state"], declined["end_note"], declined["ended_by"]["id"]) == (
        "declined", "On leave", people["Rolf"].public_id,
    )  # fmt: skip


def test_a_manager_offers_for_another_and_only_who_may_edit_can(callers, people, asked):
    swap = asked().json()
    assert step(callers["Rolf"], swap, "offer", taker=people["Mona"].public_id).status_code == 403
    assert (
        step(callers["Mona"], swap, "offer", taker=people["Rolf"].public_id).json()["offered_by"]["id"]
        == people["Mona"].public_id
    )
    assert step(callers["Rolf"], swap, "take-back").json()["state"] == "requested"
    assert step(callers["Rita"], swap, "withdraw").json()["state"] == "withdrawn"


def test_what_cannot_be_given_is_refused_by_its_field(callers, people, asked):
    past = asked(start_at="2026-01-01T00:00:00Z")
    assert (past.status_code, cast.problems(past)) == (400, ["start_at"])
    assert cast.problems(asked(asked=people["Rita"].public_id)) == ["asked"]
    assert cast.problems(asked(schedule="sch_nothing")) == ["schedule"]


def test_a_schedule_tells_and_takes_its_settings(callers, schedule):
    address = f"/api/v1/schedules/{schedule.public_id}/"
    before = callers["Mona"].get(address).json()
    assert (before["swaps_need_approval"], before["handoff_notices"]) == (False, True)
    sent = {
        "swaps_need_approval": True,
        "handoff_notices": False,
        "version": before["version"],
        "reason": "We decided so",
    }
    after = callers["Mona"].patch(address, sent, "json").json()
    assert (after["swaps_need_approval"], after["handoff_notices"], after["name"]) == (True, False, before["name"])
