"""Webhooks by API: made, changed, rotated, tried and replayed, with the rights of the screens and no secret twice."""

import pytest

from incidents.models import WebhookEndpoint
from ledger import clock
from tests import builders
from tests.api import cast
from tests.fakes.sink import is_signed

pytestmark = pytest.mark.django_db
BASE = "/api/v1/webhooks/"


@pytest.fixture
def caller(house):
    return cast.client(house.ada, "write")


def made(caller, house, **more):
    given = {"name": "Ops", "team": house.team.public_id, "url": house.sink.url, "events": ["incident.*"], **more}
    return caller.post(BASE, given)


def test_from_making_one_to_the_delivered_event(house, caller):
    answer = made(caller, house)
    assert answer.status_code == 201
    one = answer.json()
    assert one["secret"].startswith("whsec_") and one["url"].endswith("/…") and "/9f2b" not in answer.content.decode()
    read = caller.get(f"{BASE}{one['id']}/").json()
    assert "secret" not in read and read["secret_fingerprint"] == one["secret_fingerprint"]
    house.acknowledges(house.declares())
    house.sends()
    assert all(is_signed(one["secret"], hook.headers, hook.body) for hook in house.sink.hooks)
    log = caller.get(f"{BASE}{one['id']}/deliveries/", {"kind": "incident.acknowledged"}).json()["items"]
    assert [(entry["state"], entry["last_status"]) for entry in log] == [("delivered", 204)]
    whole = caller.get(f"/api/v1/webhook-deliveries/{log[0]['id']}/").json()
    assert whole["payload"] == house.sink.hooks[-1].body.decode()
    assert [attempt["outcome"] for attempt in whole["attempts"]] == ["delivered"]


def test_a_repeated_request_makes_one_and_does_not_repeat_the_secret(house, caller):
    caller.credentials(**caller._credentials, HTTP_IDEMPOTENCY_KEY="once")
    first, again = made(caller, house).json(), made(caller, house).json()
    assert first["id"] == again["id"] and first["secret"] and again["secret"] is None
    assert WebhookEndpoint.objects.count() == 1


def test_rotation_test_pause_resume_and_replay(house, caller):
    one = made(caller, house).json()
    base = f"{BASE}{one['id']}/"
    rotated = caller.post(f"{base}rotate/", {"reason": "Quarterly", "version": 1}).json()
    assert rotated["secret"] != one["secret"] and rotated["previous_secret_until"]
    assert caller.post(f"{base}rotate/", {"version": 1}).status_code == 409
    tried = caller.post(f"{base}test/").json()
    again = caller.post(f"/api/v1/webhook-deliveries/{tried['id']}/replay/")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    house.now = clock.now()
    house.sends()
    assert caller.post(f"/api/v1/webhook-deliveries/{tried['id']}/replay/").json()["state"] == "planned"
    house.now = clock.now()
    house.sends()
    assert [hook.id for hook in house.sink.hooks] == [tried["event"]] * 2
    assert caller.post(f"{base}pause/", {"reason": "Moving"}).json()["pause_cause"] == "person"
    assert caller.post(f"{base}test/").status_code == 409
    assert caller.post(f"{base}resume/", {}).json()["paused_at"] is None
    assert caller.post(f"{base}replay-failed/").json() == {"replayed": 0}
    assert caller.post(f"{base}retire/", {"reason": "Done"}).status_code == 204
    assert caller.get(base).status_code == 404
    assert caller.get(f"{base}history/").json()["items"][0]["change"] == "retired"


def test_what_is_not_sent_stays_and_null_leaves_it_to_the_admins(house, caller):
    one = made(caller, house).json()
    url = f"{BASE}{one['id']}/"
    renamed = caller.patch(url, {"name": "Ops, renamed", "reason": "Moved"}).json()
    assert (renamed["team"]["id"], renamed["events"], renamed["url"]) == (
        house.team.public_id,
        ["incident.*"],
        one["url"],
    )
    assert caller.patch(url, {"team": None}).json()["team"] is None
    assert caller.patch(url, {"url": "https://ops.example.com/x"}).json()["url"] == "https://ops.example.com/…"
    assert WebhookEndpoint.objects.get().events == ["incident.*"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "ftp://x.example.com/"}, "url"),
        ({"url": "x" * 3000}, "url"),
        ({"url": "https://a b/"}, "url"),
        ({"events": ["incident.exploded"]}, "events.0"),
        ({"events": []}, "events"),
        ({"events": "incident.*"}, "events"),
        ({"name": "  "}, "name"),
        ({"team": "tea_0000000000000000"}, "team"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field(house, caller, given, field):
    answer = made(caller, house, **given)
    assert answer.status_code == 400 and cast.problems(answer) == [field]
    assert WebhookEndpoint.objects.count() == 0


def test_a_manager_edits_those_of_their_teams_and_reads_all(house, caller):
    mona = builders.person("Mona Meyer", "manager", team=builders.team("Elsewhere"))
    theirs = cast.client(mona, "write")
    one = made(caller, house).json()
    assert theirs.get(f"{BASE}{one['id']}/").status_code == 200
    for path in ("rotate/", "pause/", "retire/", "test/", "replay-failed/"):
        assert theirs.post(f"{BASE}{one['id']}/{path}", {}).status_code == 403, path
    assert made(theirs, house, name="Mine").status_code == 403
    assert made(theirs, house, name="Mine", team=None).status_code == 403
    assert theirs.patch(f"{BASE}{one['id']}/", {"name": "Taken over"}).status_code == 403
    responder = cast.client(house.alice, "admin")
    assert responder.post(f"{BASE}{one['id']}/rotate/", {}).status_code == 403
