"""Schedules by a program: made, asked, overridden, and what became of it."""

from datetime import timedelta

import pytest

from ledger import clock
from oncall.models import Schedule
from tests import builders
from tests.api import cast


@pytest.fixture
def team(db):
    return builders.team("Payments", now=clock.now())


@pytest.fixture
def mona(team):
    return cast.person("manager", "Mona", team=team)


@pytest.fixture
def rita(team):
    return cast.person("responder", "Rita", team=team)


@pytest.fixture
def caller(mona):
    return cast.client(mona)


@pytest.fixture
def schedule(caller, team):
    body = {"name": "Shop", "team": team.public_id, "zone": "Europe/Berlin"}
    return caller.post("/api/v1/schedules/", body, "json").json()["id"]


def layer(schedule, *people, **more):
    return {
        "schedule": schedule, "name": "Weekly", "zone": "Europe/Berlin", "unit": "weeks", "lengths": [1],
        "starts": "2026-01-05T09:00", "people": [person.public_id for person in people], **more,
    }  # fmt: skip


def add(caller, schedule, *people, **more):
    return caller.post("/api/v1/schedule-layers/", layer(schedule, *people, **more), "json")


def on_call(caller, schedule):
    """(name, reasons) of who is on call now, role by role."""
    answer = caller.get(f"/api/v1/schedules/{schedule}/on-call/").json()
    return {
        one["role"]: ([person["name"] for person in one["now"]["people"]], one["now"]["why"]) for one in answer["roles"]
    }


def test_a_schedule_is_made_and_asked_who_is_on_call(caller, schedule, mona, rita):
    assert on_call(caller, schedule) == {}
    made = add(caller, schedule, mona)
    assert (made.status_code, made.json()["schedule_version"], made.json()["place"]) == (201, 2, 1)
    names, why = on_call(caller, schedule)["primary"]
    assert names == ["Mona"]
    assert why[0].startswith("Mona because it is turn ")
    add(caller, schedule, rita, role="secondary", name="Backup")
    assert on_call(caller, schedule)["secondary"][0] == ["Rita"]


def test_who_will_be_on_call_is_asked_for_an_instant_to_come(caller, schedule, mona, rita):
    add(caller, schedule, mona, rita)
    address, later = f"/api/v1/schedules/{schedule}/on-call/", clock.now() + timedelta(days=7)
    now, then = caller.get(address).json(), caller.post(address, {"at": f"{later:%Y-%m-%dT%H:%M:%SZ}"}, "json").json()
    assert then["roles"][0]["now"]["people"] == now["roles"][0]["next"]["people"]
    past = caller.post(address, {"at": "2026-01-01T00:00:00Z"}, "json")
    assert (past.status_code, cast.problems(past)) == (400, ["at"])


def test_shifts_of_a_window_tile_it_and_loads_add_up(caller, schedule, mona, rita):
    office = [{"starts": "09:00", "ends": "17:00", "days": [0, 1, 2, 3, 4]}]
    add(caller, schedule, mona, rita, restrictions=office)
    start = clock.now() + timedelta(hours=1)
    within = {"start": start.isoformat(), "end": (start + timedelta(days=28)).isoformat()}
    found = caller.post(f"/api/v1/schedules/{schedule}/shifts/", within, "json").json()
    assert all(one["end"] == two["start"] for one, two in zip(found["shifts"], found["shifts"][1:], strict=False))
    assert any(not shift["people"] for shift in found["shifts"])
    assert sum(load["seconds"] for load in found["loads"]) == 20 * 8 * 3600
    too_long = caller.post(
        f"/api/v1/schedules/{schedule}/shifts/", {**within, "end": (start + timedelta(days=402)).isoformat()}, "json"
    )
    assert (too_long.status_code, cast.problems(too_long)) == (400, ["end"])


def test_members_change_by_a_new_list_which_can_be_taken_back_before_it_counts(caller, schedule, mona, rita):
    made = add(caller, schedule, mona).json()
    later = (clock.now() + timedelta(days=3)).isoformat()
    body = {"layer": made["id"], "people": [rita.public_id], "since": later, "reason": "Rita joins"}
    listed = caller.post("/api/v1/layer-members/", body, "json")
    assert (listed.status_code, listed.json()["at_once"]) == (201, False)
    address = f"/api/v1/layer-members/{listed.json()['id']}/"
    assert caller.post(f"{address}withdraw/", {"reason": "Not yet"}, "json").status_code == 204
    assert caller.get(address).json()["retired_at"]
    again = caller.post(f"{address}withdraw/", {}, "json")
    assert (again.status_code, cast.problems(again)) == (400, ["members"])


def test_a_change_of_a_part_needs_the_version_of_the_schedule_that_was_seen(caller, schedule, mona, rita):
    made = add(caller, schedule, mona).json()
    body = {"layer": made["id"], "people": [rita.public_id], "version": 1}
    stale = caller.post("/api/v1/layer-members/", body, "json")
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale_version")
    assert caller.post("/api/v1/layer-members/", {**body, "version": 2}, "json").status_code == 201
    assert caller.get(f"/api/v1/schedules/{schedule}/").json()["version"] == 3


def test_a_layer_ends_and_another_follows(caller, schedule, mona, rita):
    made = add(caller, schedule, mona).json()
    until = (clock.now() + timedelta(days=2)).isoformat()
    assert caller.patch(f"/api/v1/schedule-layers/{made['id']}/", {"until": until}, "json").status_code == 200
    following = add(caller, schedule, rita, unit="days", lengths=[4, 3], since=until).json()
    assert (following["place"], following["lengths"]) == (2, [4, 3])
    refused = caller.patch(f"/api/v1/schedule-layers/{made['id']}/", {"lengths": [2]}, "json")
    assert (refused.status_code, cast.problems(refused)) == (400, ["lengths"])
    withdrawn = caller.post(f"/api/v1/schedule-layers/{following['id']}/withdraw/", {}, "json")
    assert withdrawn.status_code == 204
    begun = caller.post(f"/api/v1/schedule-layers/{made['id']}/withdraw/", {}, "json")
    assert (begun.status_code, cast.problems(begun)) == (400, ["layer"])


@pytest.mark.parametrize(
    ("differs", "field"),
    [
        ({"zone": "Mars/Base"}, "zone"),
        ({"starts": "yesterday"}, "starts"),
        ({"lengths": [53]}, "lengths"),
        ({"lengths": []}, "lengths"),
        ({"unit": "years"}, "unit"),
        ({"people": ["usr_0000000000000000"]}, "people"),
        ({"role": "boss"}, "role"),
        ({"since": "2026-01-01T00:00:00Z"}, "since"),
        ({"restrictions": [{"starts": "9", "ends": "25:00"}]}, "restrictions.0"),
        ({"restrictions": [{"starts": "09:00", "ends": "17:00", "days": [7]}]}, "restrictions.0.days.0"),
        ({"schedule": "sch_0000000000000000"}, "schedule"),
    ],
)
def test_what_cannot_be_is_refused_by_field(caller, schedule, mona, differs, field):
    answer = caller.post("/api/v1/schedule-layers/", {**layer(schedule, mona), **differs}, "json")
    assert (answer.status_code, cast.problems(answer)) == (400, [field])


def test_somebody_stands_in_a_rotation_once_and_a_name_is_taken_once(caller, schedule, team, mona):
    twice = add(caller, schedule, mona, mona)
    assert (twice.status_code, cast.problems(twice)) == (400, ["people"])
    taken = caller.post("/api/v1/schedules/", {"name": "shop", "team": team.public_id, "zone": "UTC"}, "json")
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "name_taken")


def test_who_answers_pages_takes_a_shift_and_gives_it_back_but_edits_nothing_else(caller, schedule, mona, rita):
    add(caller, schedule, mona)
    hers = cast.client(rita, "respond")
    until = (clock.now() + timedelta(hours=8)).isoformat()
    take = {"schedule": schedule, "kind": "replace", "end_at": until, "who": rita.public_id, "reason": "Mona is ill"}
    taken = hers.post("/api/v1/overrides/", take, "json")
    assert (taken.status_code, taken.json()["number"], taken.json()["made_by"]["name"]) == (201, 1, "Rita")
    assert on_call(caller, schedule)["primary"] == (
        ["Rita"], ["Rita because override #1 by Rita replaces layer 1 (Weekly), where it is the turn of Mona"],
    )  # fmt: skip
    for other in ({**take, "who": mona.public_id}, {**take, "kind": "remove", "who": None, "whom": mona.public_id}):
        assert hers.post("/api/v1/overrides/", other, "json").status_code == 403
    assert hers.post(f"/api/v1/overrides/{taken.json()['id']}/end/", {}, "json").status_code == 200
    assert on_call(caller, schedule)["primary"][0] == ["Mona"]
    over = hers.post(f"/api/v1/overrides/{taken.json()['id']}/end/", {}, "json")
    assert (over.status_code, cast.problems(over)) == (400, ["override"])


def test_a_manager_of_another_team_may_look_and_not_touch(caller, schedule, mona):
    made = add(caller, schedule, mona).json()
    other = cast.client(cast.person("manager", "Otto", team=builders.team("Search", now=clock.now())))
    assert on_call(other, schedule)["primary"][0] == ["Mona"]
    for answer in (
        add(other, schedule, mona),
        other.patch(f"/api/v1/schedules/{schedule}/", {"name": "Mine"}, "json"),
        other.patch(f"/api/v1/schedule-layers/{made['id']}/", {"name": "Mine"}, "json"),
        other.post("/api/v1/layer-members/", {"layer": made["id"], "people": []}, "json"),
        other.post(f"/api/v1/schedules/{schedule}/retire/", {}, "json"),
    ):
        assert answer.status_code == 403


def test_what_is_on_record_is_read_with_the_reason_given_then(caller, schedule, mona):
    add(caller, schedule, mona)
    (row,) = caller.get("/api/v1/on-call-intervals/", {"schedule": schedule, "open": "true"}).json()["items"]
    assert (row["person_name"], row["source"], row["ended_at"]) == ("Mona", "rotation", None)
    assert row["why"].startswith("Mona because it is turn")
    assert caller.get(f"/api/v1/on-call-intervals/{row['id']}/").json() == row
    assert caller.post(f"/api/v1/schedules/{schedule}/retire/", {"reason": "Merged"}, "json").status_code == 204
    assert caller.get(f"/api/v1/on-call-intervals/{row['id']}/").json()["ended_at"]


def test_nobody_leaves_while_they_have_a_shift_to_come(caller, schedule, mona, rita):
    made = add(caller, schedule, mona, rita).json()
    admin = cast.client(cast.person("admin", "Ada"))
    leave = f"/api/v1/people/{rita.public_id}/deactivate/"
    refused = admin.post(leave, {"reason": "Left"}, "json")
    assert refused.status_code == 409
    assert "schedule Shop" in refused.json()["error"]["message"]
    without = {"layer": made["id"], "people": [mona.public_id], "at_once": True}
    assert caller.post("/api/v1/layer-members/", without, "json").status_code == 201
    assert admin.post(leave, {"reason": "Left"}, "json").status_code in (200, 204)


def test_the_record_is_corrected_by_two_people(caller, schedule, mona, rita):
    add(caller, schedule, mona)
    hers = cast.client(rita, "respond")
    start = Schedule.objects.get(public_id=schedule).recorded_until
    end = clock.now()
    within = {"start": start.isoformat(), "end": end.isoformat()}
    asked = hers.post(
        "/api/v1/on-call-corrections/",
        {
            "schedule": schedule,
            "start_at": within["start"],
            "end_at": within["end"],
            "people": [rita.public_id],
            "reason": "I had it",
        },
        "json",
    ).json()
    address = f"/api/v1/on-call-corrections/{asked['id']}/"
    assert (asked["standing"], asked["reason"]) == ("asked", "I had it")
    assert hers.post(f"{address}approve/", {}, "json").status_code == 403
    assert caller.post(f"{address}approve/", {"reason": "True"}, "json").json()["standing"] == "approved"
    again = caller.post(f"{address}refuse/", {"reason": "No"}, "json")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    lived = caller.post(f"/api/v1/schedules/{schedule}/lived/", within, "json").json()
    assert [(one["people"], one["correction"]) for one in lived["stretches"]] == [([rita.public_id], asked["id"])]
    assert [(load["name"], load["seconds"]) for load in lived["loads"]] == [
        ("Rita", int((end - start).total_seconds()))
    ]
