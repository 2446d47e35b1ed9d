"""The ping address: the paths, methods, bodies and answers that clients of Healthchecks rely on, and what it refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from config.logs import redact_value
from config.middleware import client_address
from ledger import clock
from monitors.models import Heartbeat, Monitor, Ping, PingBody, PingKey
from monitors.services import retire_monitor
from monitors.services.ping_keys import create_project_key, give_key, plain_key, retire_key, rotate_key
from monitors.views import ping as endpoint
from tests import builders

RID = "6a7fe2c3-5d7a-4b2e-9d2f-0a1b2c3d4e5f"


@pytest.fixture(autouse=True)
def no_counters_left():
    yield
    endpoint.pings_of_a_key.clear()
    endpoint.unknown_keys.clear()


@pytest.fixture
def team(db):
    return builders.team(now=clock.now())


@pytest.fixture
def shop(team):
    return builders.service("Shop", team=team, now=clock.now())


@pytest.fixture
def job(shop):
    return heartbeat(shop)


def heartbeat(service, name="Nightly backup"):
    return builders.heartbeat(name, service=service, now=clock.now())


def uuid_of(monitor):
    return plain_key(PingKey.objects.get(monitor=monitor, ends_at__isnull=True))


def project_key(service, **more):
    return create_project_key(service, name="Jobs", now=clock.now(), reason="Test", **more)


CASES = [
    # what the case is about, method, what follows the key, status, body, kind stored, exit status stored
    ("it works", "get", "", 200, "OK", "success", None),
    ("a slash at the end", "get", "/", 200, "OK", "success", None),
    ("post", "post", "", 200, "OK", "success", None),
    ("head", "head", "", 200, "", "success", None),
    ("start", "get", "/start", 200, "OK", "start", None),
    ("fail", "get", "/fail", 200, "OK", "fail", None),
    ("log", "post", "/log", 200, "OK", "log", None),
    ("exit status 0", "get", "/0", 200, "OK", "success", 0),
    ("exit status 123", "get", "/123", 200, "OK", "fail", 123),
    ("exit status 255", "get", "/255", 200, "OK", "fail", 255),
    ("exit status too large", "get", "/256", 400, "invalid url format", None, None),
    ("a run id", "get", f"?rid={RID}", 200, "OK", "success", None),
    ("a run id in capitals", "get", f"/start?rid={RID.upper()}", 200, "OK", "start", None),
    ("a run id that is none", "get", "?rid=not-a-uuid", 400, "invalid url format", None, None),
    ("a run id without dashes", "get", f"?rid={RID.replace('-', '')}", 400, "invalid url format", None, None),
    ("another verb", "put", "", 405, "method not allowed", None, None),
]


@pytest.mark.parametrize("by", ["uuid", "slug"])
@pytest.mark.parametrize(
    ("about", "method", "rest", "status", "body", "kind", "exit_status"), CASES, ids=lambda v: str(v)
)
def test_by_uuid_and_by_slug(client, shop, job, by, about, method, rest, status, body, kind, exit_status):
    path = f"/ping/{uuid_of(job)}" if by == "uuid" else f"/ping/{plain_key(project_key(shop))}/nightly-backup"
    answer = getattr(Client(enforce_csrf_checks=True), method)(path + rest)
    assert (answer.status_code, answer.content.decode()) == (status, body), about
    stored = [(ping.monitor_id, ping.kind, ping.exit_status, ping.method) for ping in Ping.objects.all()]
    assert stored == ([(job.pk, kind, exit_status, method.upper())] if kind else [])
    if "rid=" in rest and kind:
        assert Ping.objects.get().rid == RID


def test_the_answer_is_never_cached_and_open_to_every_origin_and_names_the_body_limit(client, job):
    answer = client.get(f"/ping/{uuid_of(job)}")
    assert "no-cache" in answer["Cache-Control"]
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Ping-Body-Limit"] == "10000"
    assert answer.cookies == {}


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/ping/07c2f548-9850-4b27-af5d-6c9dc157ec02", 404, "not found"),
        ("/ping/rrrrrrrrrrrrrrrrrrrrrr/nightly-backup", 404, "not found"),
        ("/ping/{key}/bar", 404, "not found"),
        ("/ping/{key}/Nightly-Backup", 400, "invalid url format"),
        ("/ping/{key}/nightly-backup/999", 400, "invalid url format"),
        ("/ping/{key}/nightly-backup/start/x", 400, "invalid url format"),
        ("/ping/{key}", 400, "invalid url format"),
        ("/ping/", 400, "invalid url format"),
        ("/ping/{uuid}/start/fail", 404, "not found"),
        ("/ping/{uuid}/nightly-backup", 404, "not found"),
        ("/ping/%00", 400, "invalid url format"),
        ("/ping/%ff%fe/x", 400, "invalid url format"),
    ],
)
def test_what_nobody_answers_to_is_not_stored(client, shop, job, path, status, body):
    answer = client.get(path.format(key=plain_key(project_key(shop)), uuid=uuid_of(job)))
    assert (answer.status_code, answer.content.decode()) == (status, body)
    assert not Ping.objects.exists()


def test_a_slug_that_two_heartbeats_have_is_ambiguous(client, team, shop, job):
    heartbeat(builders.service("Warehouse", team=team, now=clock.now()))
    answer = client.get(f"/ping/{plain_key(project_key(shop))}/nightly-backup")
    assert (answer.status_code, answer.content.decode()) == (409, "ambiguous slug")
    assert not Ping.objects.exists()


def test_a_key_reaches_the_heartbeats_of_its_team_and_no_others(client, shop):
    heartbeat(builders.service("Theirs", team=builders.team("Other", now=clock.now()), now=clock.now()), "their job")
    heartbeat(builders.service("Nobody's", now=clock.now()), "stray job")
    key = plain_key(project_key(shop))
    assert [client.get(f"/ping/{key}/{slug}").status_code for slug in ("their-job", "stray-job")] == [404, 404]


def test_an_unknown_slug_is_made_when_the_job_asks_for_it(client, shop):
    key = plain_key(project_key(shop))
    first = client.get(f"/ping/{key}/new-job?create=1")
    again = client.get(f"/ping/{key}/new-job?create=1")
    assert [(one.status_code, one.content) for one in (first, again)] == [(201, b"Created"), (200, b"OK")]
    made = Monitor.objects.get(kind="heartbeat")
    assert (made.name, made.service, made.team, made.target["period_s"]) == ("new-job", shop, shop.team, 86_400)
    assert Ping.objects.filter(monitor=made).count() == 2


def test_create_makes_nothing_without_a_key_or_for_a_uuid(client, db):
    assert client.get("/ping/rrrrrrrrrrrrrrrrrrrrrr/job?create=1").status_code == 404
    assert client.get(f"/ping/{RID}?create=1").status_code == 404
    assert not Monitor.objects.exists()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"all well", b"all well"),
        (b"\xff\xfe\x00garbage", b"\xff\xfe\x00garbage"),
        (b"x" * 10_001, b"x" * 10_000),
        (b"x" * 9_999 + "é".encode(), b"x" * 9_999 + b"\xc3"),
        (b"x" * 3_000_000, b"x" * 10_000),
    ],
    ids=["text", "no UTF-8", "one byte too many", "a letter cut in two", "three megabytes"],
)
def test_ten_thousand_bytes_of_a_body_are_kept_whatever_they_are(client, job, sent, kept):
    answer = client.post(f"/ping/{uuid_of(job)}", sent, content_type="application/octet-stream")
    assert answer.status_code == 200
    assert bytes(PingBody.objects.get().body) == kept
    assert Ping.objects.get().body_bytes == len(kept)


def test_a_body_of_a_form_is_kept_as_it_came(client, job):
    client.post(f"/ping/{uuid_of(job)}", b"a=1&b=2", content_type="application/x-www-form-urlencoded")
    assert bytes(PingBody.objects.get().body) == b"a=1&b=2"


def test_an_agent_with_nul_and_no_end_is_cut(client, job):
    client.get(f"/ping/{uuid_of(job)}", headers={"user-agent": "c\x00url/" + "9" * 500})
    assert Ping.objects.get().agent == ("curl/" + "9" * 500)[:200]


def test_the_callers_address_is_believed_from_our_proxies_only(client, job, settings):
    address = f"/ping/{uuid_of(job)}"
    client.get(address, headers={"x-forwarded-for": "198.51.100.7"})
    settings.TRUSTED_PROXIES = 1
    client.get(address, headers={"x-forwarded-for": "203.0.113.9, 198.51.100.8"})
    assert list(Ping.objects.order_by("id").values_list("address", flat=True)) == ["127.0.0.1", "198.51.100.8"]
    assert client_address(RequestFactory().get("/")) == "127.0.0.1"


def test_a_database_that_does_not_answer_is_503_and_no_lie(client, job, monkeypatch):
    def full(write):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("monitors.services.pinging.store", full)
    answer = client.get(f"/ping/{uuid_of(job)}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert not Ping.objects.exists()


def test_too_many_pings_of_one_key_wait(client, job, monkeypatch):
    monkeypatch.setattr(endpoint.pings_of_a_key, "most", 2)
    answers = [client.get(f"/ping/{uuid_of(job)}") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert Ping.objects.count() == 2


def test_who_tries_many_keys_waits(client, db, monkeypatch):
    monkeypatch.setattr(endpoint.unknown_keys, "most", 1)
    tried = [client.get(f"/ping/0{n}c2f548-9850-4b27-af5d-6c9dc157ec02").status_code for n in (1, 2)]
    assert tried == [404, 429]


# --- keys -------------------------------------------------------------------------------------------


def test_keys_are_stored_as_hashes_and_hidden_in_logs(job):
    plain = uuid_of(job)
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest, hint FROM monitors_pingkey")
        digest, hint = cursor.fetchone()
    assert plain not in digest
    assert plain.endswith(hint)
    assert plain not in redact_value(f"GET /ping/{plain}/start HTTP/1.1")
    assert "/ping/[hidden]/start" in redact_value(f"GET /ping/{plain}/start HTTP/1.1")
    history = str(list(PingKey.history.values()))
    assert plain not in history and digest not in history


def test_a_rotated_key_goes_on_for_its_overlap_and_then_ends(client, job):
    now, old = clock.now(), uuid_of(job)
    rotate_key(PingKey.objects.get(), overlap_s=3600, now=now, reason="It was in a log")
    assert old != uuid_of(job)
    assert [client.get(f"/ping/{key}").status_code for key in (old, uuid_of(job))] == [200, 200]
    assert Ping.objects.values("monitor").distinct().count() == 1
    rotate_key(
        PingKey.objects.get(ends_at__isnull=True), overlap_s=0, now=clock.now() - timedelta(seconds=1), reason="Now"
    )
    assert client.get(f"/ping/{PingKey.objects.count() and old}").status_code == 200
    retire_key(PingKey.objects.order_by("pk").first(), now=clock.now(), reason="Nobody uses it")
    assert client.get(f"/ping/{old}").status_code == 404


def test_a_key_of_healthchecks_can_be_brought_along(client, shop, job):
    rotate_key(PingKey.objects.get(), plain=RID.upper(), overlap_s=0, now=clock.now(), reason="Moved")
    assert client.get(f"/ping/{RID}").status_code == 200
    assert plain_key(PingKey.objects.get(ends_at__isnull=True)) == ""
    project = project_key(shop, plain="fqOOd6-F4MMNuCEnzTU01w")
    assert client.get("/ping/fqOOd6-F4MMNuCEnzTU01w/nightly-backup").status_code == 200
    assert plain_key(project) == ""


def test_a_retired_heartbeat_answers_to_nothing(client, job):
    plain = uuid_of(job)
    retire_monitor(job, now=clock.now(), reason="The job is gone")
    assert client.get(f"/ping/{plain}").status_code == 404
    assert not Heartbeat.objects.filter(look_at__isnull=False).exists()


def test_two_heartbeats_cannot_share_a_key(shop, job):
    other = heartbeat(shop, "Other")
    with pytest.raises(ValidationError):
        rotate_key(PingKey.objects.get(monitor=other), plain=uuid_of(job), now=clock.now(), reason="Oops")
    with pytest.raises(ValidationError):
        give_key(other, plain="no uuid", now=clock.now(), reason="Oops")


# --- at once ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_pings_that_come_at_once_are_all_stored():
    service = builders.service("Shop", now=clock.now())
    jobs = [heartbeat(service, f"job {n}") for n in range(4)]
    keys = [uuid_of(one) for one in jobs] * 10

    def one(key):
        try:
            return Client().post(f"/ping/{key}", b"body", content_type="text/plain").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, keys)) == {200}
    assert Ping.objects.count() == PingBody.objects.count() == 40
    assert Ping.objects.values("id").distinct().count() == 40


@pytest.mark.django_db(transaction=True)
def test_two_first_pings_of_one_slug_make_one_heartbeat():
    key = plain_key(project_key(builders.service("Shop", now=clock.now())))
    gate = threading.Barrier(4)

    def one(_):
        try:
            gate.wait(5)
            return Client().get(f"/ping/{key}/fresh?create=1").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(one, range(4)))
    assert answers == [200, 200, 200, 201]
    assert (Monitor.objects.count(), Ping.objects.count()) == (1, 4)
