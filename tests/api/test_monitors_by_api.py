"""Monitors, services and systems as an integrator keeps them."""

import json

import pytest

from ledger.models import Entry
from monitors.models import Monitor
from monitors.probes.trace import Outcome, Trace
from tests.api import cast
from tests.api.house import build
from tests.once import built

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t-never-shown"


_house, house = built(build)


@pytest.fixture
def caller(house):
    return cast.client(house.people["manager"], "write")


def create(caller, house, **more):
    body = {"name": "Shop", "service": house.service.public_id}
    http = {"url": "https://shop.example/health", **more.pop("http", {})}
    return caller.post("/api/v1/monitors/", {**body, "http": http, **more})


def test_a_monitor_is_made_with_sane_defaults_and_begins_unknown(caller, house):
    made = create(caller, house).json()
    assert (made["interval_s"], made["timeout_s"], made["rule"]["severity"]) == (60, 10, 2)
    assert made["team"]["id"] == house.team.public_id
    assert made["standing"]["state"] == "unknown"
    assert (made["kind"], made["http"]["method"]) == ("http", "GET")
    assert caller.get(f"/api/v1/monitors/{made['id']}/").json() == made
    assert caller.get(f"/api/v1/monitors/{made['id']}/intervals/").json()["items"][0]["cause"] == "not_yet_checked"


def test_secrets_go_in_and_never_come_out(caller, house):
    made = create(
        caller, house,
        http={
            "method": "POST", "headers": {"X-Key": SECRET}, "body": f"a={SECRET}",
            "basic": {"username": "ana", "password": SECRET},
        },
    )  # fmt: skip
    assert made.status_code == 201, made.content
    target = made.json()["http"]
    assert (target["header_names"], target["auth"], target["body_bytes"]) == (["X-Key"], "basic", len(f"a={SECRET}"))
    monitor = Monitor.objects.get(public_id=made.json()["id"])
    assert monitor.secrets["headers"] == {"X-Key": SECRET}
    url = f"/api/v1/monitors/{monitor.public_id}/"
    caller.patch(url, {"http": {"bearer": SECRET + "2"}})
    answers = [caller.get(path).content.decode() for path in (url, f"{url}history/", "/api/v1/monitors/")]
    lines = [str(line) for line in Entry.objects.values_list("line", flat=True)]
    history = json.dumps(list(Monitor.history.values()), default=str)
    assert not [text for text in [*answers, *lines, history] if SECRET in text]


def test_null_removes_a_secret_and_what_is_not_sent_stays(caller, house):
    made = create(caller, house, http={"headers": {"X-Key": SECRET}, "bearer": SECRET}).json()
    url = f"/api/v1/monitors/{made['id']}/"
    changed = caller.patch(url, {"http": {"bearer": None}, "interval_s": 30, "reason": "Faster"}).json()
    assert (changed["http"]["auth"], changed["http"]["header_names"]) == ("none", ["X-Key"])
    assert (changed["interval_s"], changed["version"]) == (30, 2)


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({"http": {"url": "shop"}}, "http.url", "http"),
        ({"http": {"url": "ftp://shop.example/"}}, "http.url", "http"),
        ({"http": {"url": "http://169.254.169.254/latest/meta-data/"}}, "http.url", ""),
        ({"http": {"url": "http://2130706433/"}}, "http.url", ""),
        ({"http": {"url": "https://ana:pw@shop.example/"}}, "http.url", "name and password"),
        ({"interval_s": "30"}, "interval_s", "number"),
        ({"interval_s": 30, "timeout_s": 60}, "timeout_s", ""),
        ({"http": {"accepted_status": "2xx"}}, "http.accepted_status", "200-299"),
        ({"http": {"headers": {"X": "a\r\nb"}}}, "http.headers", ""),
        ({"http": {"headers": {"Content-Length": "1"}}}, "http.headers", "itself"),
        ({"http": {"method": "GET", "body": "x"}}, "http.body", "POST"),
        ({"severity": 5}, "severity", ""),
        ({"service": "svc_" + "a" * 16}, "service", "there is no"),
        ({"service": "Checkout"}, "service", "svc_"),
    ],
)
def test_what_cannot_be_checked_is_refused_by_its_field(caller, house, sent, field, words):
    response = create(caller, house, **sent)
    assert response.status_code == 400, response.content
    error = response.json()["error"]
    assert [entry["field"] for entry in error["fields"]] == [field]
    assert words in error["message"]
    assert not Monitor.objects.filter(name="Shop").exists()


def test_a_name_taken_in_the_same_service_is_a_conflict(caller, house):
    assert create(caller, house).status_code == 201
    again = create(caller, house, name="SHOP")
    assert (again.status_code, again.json()["error"]["code"], cast.problems(again)) == (409, "taken", ["name"])


def test_pausing_and_resuming_and_doing_it_twice(caller, house):
    url = f"/api/v1/monitors/{house.monitor.public_id}/"
    paused = caller.post(f"{url}pause/", {"reason": "Moving"}).json()
    assert (paused["standing"]["state"], paused["paused_at"] is not None) == ("paused", True)
    twice = caller.post(f"{url}pause/", {})
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "conflict")
    assert caller.post(f"{url}resume/", {}).json()["standing"]["state"] == "unknown"
    assert [item["state"] for item in caller.get(f"{url}intervals/").json()["items"]][:2] == ["unknown", "paused"]


def test_a_retired_monitor_can_be_read_and_not_changed(caller, house):
    url = f"/api/v1/monitors/{house.monitor.public_id}/"
    assert caller.post(f"{url}retire/", {"reason": "Gone"}).status_code == 204
    assert caller.get(url).json()["retired_at"] is not None
    assert caller.patch(url, {"interval_s": 30}).status_code == 404
    left = caller.get("/api/v1/monitors/").json()["items"]
    assert house.monitor.public_id not in [row["id"] for row in left]
    assert caller.get(f"{url}history/").json()["items"][0]["change"] == "retired"


def test_history_says_who_changed_what_when_and_why(caller, house):
    url = f"/api/v1/monitors/{house.monitor.public_id}/"
    before = caller.get(url).json()["created_at"]
    caller.patch(url, {"interval_s": 20, "reason": "Too slow"})
    newest, first = caller.get(f"{url}history/").json()["items"]
    assert (newest["version"], newest["change"], newest["changed_fields"]) == (2, "changed", ["interval_s"])
    assert (newest["reason"], newest["by"]["kind"]) == ("Too slow", "token")
    assert (newest["values"]["service"], newest["values"]["interval_s"]) == (house.service.public_id, 20)
    assert (first["change"], first["changed_fields"]) == ("created", [])
    then = caller.get(f"{url}history/", {"as_of": before}).json()["items"]
    assert [(item["version"], item["values"]["interval_s"]) for item in then] == [(1, 60)]
    assert caller.get(f"{url}history/", {"as_of": "2020-01-01T00:00:00Z"}).json()["items"] == []
    assert caller.get(f"{url}history/", {"as_of": "yesterday"}).status_code == 400


def test_a_target_is_checked_once_and_nothing_is_stored(caller, monkeypatch):
    seen = {}

    def run(check, rules, *, now):
        seen["check"] = check
        return Trace(outcome=Outcome.FAILED, code="refused", sentence="Nobody listens there.", total_us=1500)

    monkeypatch.setattr("monitors.services.checks.run_once", run)
    body = {"http": {"url": "http://shop.example/", "bearer": SECRET}, "timeout_s": 3}
    answer = caller.post("/api/v1/check-once/", body)
    assert answer.status_code == 200
    assert (answer.json()["outcome"], answer.json()["total_ms"]) == ("failed", 1.5)
    assert seen["check"].timeout_s == 3
    assert SECRET not in answer.content.decode()
    assert Monitor.objects.filter(kind="http").count() == 1


def test_checks_for_people_who_look_are_limited(caller, monkeypatch, settings):
    monkeypatch.setattr("monitors.services.checks.run_once", lambda *a, **k: Trace())
    settings.API_RATES = {**settings.API_RATES, "check_once": (2, 60)}
    answers = [
        caller.post("/api/v1/check-once/", {"http": {"url": "http://shop.example/"}}).status_code for _ in range(3)
    ]
    assert answers == [200, 200, 429]


def test_a_service_keeps_its_systems_and_is_not_retired_while_it_is_watched(caller, house):
    url = f"/api/v1/services/{house.service.public_id}/"
    assert [system["name"] for system in caller.get(url).json()["systems"]] == ["Database"]
    assert caller.put(f"{url}systems/", {"systems": []}).json()["systems"] == []
    refused = caller.post(f"{url}retire/", {"reason": "x"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "in_use")


def test_a_system_leaves_scope_after_it_entered(caller):
    bad = {"name": "Queue", "scope_from": "2026-02-01", "scope_until": "2026-01-01"}
    assert cast.problems(caller.post("/api/v1/systems/", bad)) == ["scope_until"]
    made = caller.post("/api/v1/systems/", {**bad, "scope_until": "2026-12-31"}).json()
    assert (made["scope_from"], made["scope_until"]) == ("2026-02-01", "2026-12-31")
    assert cast.problems(caller.post("/api/v1/systems/", {"name": "Q", "scope_from": "1 May"})) == ["scope_from"]


def test_filters_narrow_a_list(caller, house):
    other = caller.post("/api/v1/services/", {"name": "Refunds", "team": house.team.public_id}).json()
    create(caller, house, service=other["id"])
    found = caller.get("/api/v1/monitors/", {"service": other["id"]}).json()["items"]
    assert [monitor["name"] for monitor in found] == ["Shop"]
    assert len(caller.get("/api/v1/monitors/", {"name": "CHECK"}).json()["items"]) == 1
    assert caller.get("/api/v1/monitors/", {"paused": "true"}).json()["items"] == []
    assert len(caller.get("/api/v1/rules/", {"monitor": house.monitor.public_id}).json()["items"]) == 1
