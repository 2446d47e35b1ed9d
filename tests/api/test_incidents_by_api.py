"""Incidents, pages and routes as an integrator or a responder's tool works with them."""

from datetime import timedelta

import pytest

from ledger import clock, texts
from ledger.link import link_entries
from ledger.models import Entry, Text
from oncall.models import Page, Run
from oncall.ticks import plan
from tests.api import cast
from tests.api.house import build
from tests.once import built

pytestmark = pytest.mark.django_db


_house, house = built(build)


@pytest.fixture
def caller(house):
    return cast.client(house.people["responder"], "respond")


def act(caller, house, action, body=None, **headers):
    return caller.post(f"/api/v1/incidents/{house.incident.number}/{action}/", body or {}, headers=headers)


def test_a_program_declares_an_incident_and_somebody_is_paged(caller, house):
    body = {"title": "Refunds fail", "severity": 1, "service": house.service.public_id, "note": "Since the deploy"}
    made = caller.post("/api/v1/incidents/", body, headers={"Idempotency-Key": "deploy-7"})
    again = caller.post("/api/v1/incidents/", body, headers={"Idempotency-Key": "deploy-7"})
    assert (made.status_code, again.json()) == (201, made.json())
    plan(clock.now())
    assert made.json()["state"] == "triggered"
    assert Run.objects.filter(subject_id=made.json()["number"]).count() == 1
    pages = caller.get("/api/v1/pages/", {"subject": made.json()["number"]}).json()["items"]
    assert {page["to"] for page in pages} == {"a…@larkspur.example", "+44 … 80"}


def test_acknowledging_stops_the_run_and_says_who_has_it(caller, house):
    answer = act(caller, house, "acknowledge").json()
    assert (answer["outcome"], answer["incident"]["state"]) == ("acknowledged", "acknowledged")
    assert answer["incident"]["acknowledged_by"]["name"] == "Responder"
    run = caller.get(house.url("runs/<pid:public_id>/")).json()
    assert (run["state"], run["stop_reason"], run["stopped_by"]) == (
        "stopped", "acknowledged", house.people["responder"].public_id,
    )  # fmt: skip
    assert not Page.objects.filter(state="planned", run__isnull=False).exists()


def test_acknowledging_again_is_recorded_and_is_no_error(caller, house):
    act(caller, house, "acknowledge")
    assert act(caller, house, "acknowledge").json()["outcome"] == "already_yours"
    other = cast.client(house.people["manager"], "respond")
    assert act(other, house, "acknowledge").json() | {"incident": None} == {
        "outcome": "already_taken", "changed": False, "not_called": [], "incident": None,
    }  # fmt: skip


def test_resolving_with_a_version_that_is_outdated_changes_nothing(caller, house):
    seen = caller.get(house.url("incidents/<number:number>/")).json()["version"]
    act(caller, house, "acknowledge")
    stale = act(caller, house, "resolve", {"version": seen, "note": "Rolled back"})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale_version")
    done = act(caller, house, "resolve", {"version": seen + 1, "note": "Rolled back"}).json()
    assert (done["outcome"], done["incident"]["resolved_by"]["name"]) == ("resolved", "Responder")


def test_escalating_after_the_end_is_an_illegal_move(caller, house):
    act(caller, house, "resolve")
    late = act(caller, house, "escalate")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "illegal_move")


def test_escalating_makes_it_nobodys_again(caller, house):
    act(caller, house, "acknowledge")
    assert act(caller, house, "escalate").json()["acknowledged_by"] is None


def test_calling_one_more_person(caller, house):
    admin, gone = house.people["admin"].public_id, "usr_" + "a" * 16
    assert act(caller, house, "responders", {"person": admin}).status_code == 200
    assert cast.problems(act(caller, house, "responders", {"person": gone})) == ["person"]
    assert cast.problems(act(caller, house, "responders", {"person": 7})) == ["person"]


def test_a_note_keeps_both_clocks_and_may_not_tell_of_the_future(caller, house):
    earlier = (clock.now() - timedelta(minutes=20)).isoformat()
    note = act(caller, house, "notes", {"text": "Saw it on the dashboard", "occurred_at": earlier}).json()
    assert note["occurred_at"] < note["recorded_at"]
    later = (clock.now() + timedelta(hours=1)).isoformat()
    assert cast.problems(act(caller, house, "notes", {"text": "x", "occurred_at": later})) == ["occurred_at"]
    assert cast.problems(act(caller, house, "notes", {"text": "x", "occurred_at": "03:00"})) == ["occurred_at"]
    assert cast.problems(act(caller, house, "notes", {"text": "  "})) == ["text"]


def test_the_timeline_tells_it_all_by_api_with_its_ledger_lines(caller, house):
    act(caller, house, "acknowledge")
    act(caller, house, "notes", {"text": "Rolling back"})
    link_entries()
    entries = caller.get(house.url("incidents/<number:number>/timeline/")).json()["items"]
    kinds = {entry["kind"]: entry for entry in entries}
    assert {"declared", "acknowledged", "note"} <= set(kinds)
    assert (kinds["note"]["text"], kinds["note"]["how"]) == ("Rolling back", "API")
    assert kinds["acknowledged"]["by"]["kind"] == "token"
    line = caller.get(f"/api/v1/ledger/{kinds['acknowledged']['ledger_seq']}/").json()
    assert line["kind"] == "incident.acknowledged"
    assert "Rolling back" not in " ".join(Entry.objects.values_list("line", flat=True))


def test_a_redacted_note_is_empty_and_keeps_its_hash(caller, house):
    note = act(caller, house, "notes", {"text": "Ana's number is wrong"}).json()
    Text.objects.filter(pk=note["text_sha256"]).update(redacted_at=clock.now(), body="")
    entries = caller.get(house.url("incidents/<number:number>/timeline/"), {"kind": "note"}).json()["items"]
    assert (entries[0]["text"], entries[0]["text_sha256"]) == ("", texts.text_hash("Ana's number is wrong"))


def test_incidents_are_found_by_state_severity_service_and_time(caller, house):
    find = lambda **query: len(caller.get("/api/v1/incidents/", query).json()["items"])  # noqa: E731
    assert (find(open="true"), find(open="false"), find(severity=2), find(severity=1)) == (1, 1, 2, 0)
    assert (find(state="triggered"), find(service=house.service.public_id)) == (1, 2)
    assert (find(opened_from="2020-01-01T00:00:00Z"), find(opened_to="2020-01-01T00:00:00Z")) == (2, 0)


def test_the_ledger_is_read_in_order_without_a_gap(caller):
    lines = caller.get("/api/v1/ledger/", {"limit": 200}).json()["items"]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert caller.get("/api/v1/ledger/", {"kind_prefix": "incident.", "limit": 1}).json()["items"]
    some = caller.get("/api/v1/ledger/", {"seq_from": 3, "seq_to": 5}).json()["items"]
    assert [line["seq"] for line in some] == [3, 4]


def test_lines_about_one_object(caller, house):
    lines = caller.get("/api/v1/ledger/", {"subject": house.incident.number}).json()["items"]
    assert lines
    assert all(house.incident.number in line["line"] for line in lines)


def test_nothing_that_is_read_holds_an_address(house, caller):
    everything = [
        caller.get(f"/api/v1/{noun}/", {"limit": 200}).content.decode()
        for noun in ("people", "contact-methods", "pages", "runs", "ledger", "incidents", "alerts")
    ]
    assert not [text for text in everything if "+447700900080" in text or "admin@larkspur" in text]


def test_a_policy_is_refused_step_by_step_and_kept_whole(house):
    caller = cast.client(house.people["manager"], "write")
    step = {"delay_s": 300, "people": [house.people["responder"].public_id]}
    body = {"name": "Nights", "team": house.team.public_id, "steps": [step]}
    bad = caller.post("/api/v1/policies/", {**body, "steps": [step, {**step, "delay_s": "5"}, {"delay_s": 5}]})
    assert cast.problems(bad) == ["steps.1.delay_s", "steps.2.people"]
    gone = caller.post("/api/v1/policies/", {**body, "steps": [{**step, "people": ["usr_" + "a" * 16]}]})
    assert cast.problems(gone) == ["steps.0.people"]
    made = caller.post("/api/v1/policies/", body).json()
    assert (made["repeat"], made["steps"]) == (0, [step])
    changed = caller.patch(f"/api/v1/policies/{made['id']}/", {"repeat": 2, "version": 1}).json()
    assert (changed["repeat"], changed["steps"], changed["version"]) == (2, [step], 2)


def test_a_policy_that_a_route_leads_to_is_not_retired(house):
    caller = cast.client(house.people["manager"], "write")
    refused = caller.post(house.url("policies/<pid:public_id>/retire/"), {})
    assert refused.status_code == 409, refused.content


def test_the_default_route_is_the_admins(house):
    manager, admin = (cast.client(house.people[role], "write") for role in ("manager", "admin"))
    body = {"severity": 1, "policy": house.policy.public_id}
    assert manager.post("/api/v1/routes/", body).status_code == 403
    made = admin.post("/api/v1/routes/", body)
    assert (made.status_code, made.json()["service"]) == (201, None)
    twin = admin.post("/api/v1/routes/", body)
    assert twin.status_code in (400, 409)
    bad = admin.patch(f"/api/v1/routes/{made.json()['id']}/", {"runbook_url": "javascript:alert(1)"})
    assert cast.problems(bad) == ["runbook_url"]


def test_the_catch_all_is_replaced_whole(house):
    admin = cast.client(house.people["admin"], "write")
    people = [house.people["manager"].public_id, house.people["admin"].public_id]
    assert admin.put("/api/v1/catch-all/", {"people": people, "reason": "Holidays"}).json()["people"] == people
