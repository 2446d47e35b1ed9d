"""The register of certificates and the history of names, as a person reads them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import clock
from monitors.services import create_monitor
from tests import builders
from tests.fakes.dns import FakeDns
from tests.monitors.conftest import LOOPBACK

DAY = timedelta(days=1)


@pytest.fixture
def viewer(as_):
    return as_("viewer")


def make(house, kind, **target):
    return create_monitor(service=house.service, name=kind, kind=kind, target=target, now=house.now, reason="Test")


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_what_ends_first_is_in_front_and_what_is_wrong_is_a_word(house, viewer):
    now = clock.now()
    builders.certificate(house.monitor, now=now, host="soon.example", ends=now + 5 * DAY)
    builders.certificate(house.monitor, now=now, host="gone.example", ends=now - DAY)
    builders.certificate(house.monitor, now=now, host="forged.example", ends=now + 70 * DAY, chain_ok=False)
    builders.certificate(house.monitor, now=now, host="old.example", renewed_at=now, days_left=3)
    builders.certificate(house.monitor, now=now, host="root.example", position=2)
    text = text_of(viewer, "/certificates/")
    places = [
        text.index(words) for words in ("gone.example", "Ends soon", "soon.example", "Not trusted", "forged.example")
    ]
    assert places == sorted(places)
    assert "Ended" in text
    assert "old.example" not in text
    assert "root.example" not in text


def test_a_certificate_says_its_chain_and_what_it_replaced(house, viewer):
    now = clock.now()
    before = now - 80 * DAY
    old = builders.certificate(house.monitor, now=before, ends=now + 9 * DAY, renewed_at=now, days_left=9)
    new = builders.certificate(house.monitor, now=now)
    builders.certificate(house.monitor, now=now, subject="Test CA", position=1, sha256="ca", key_type="RSA 2048")
    text = text_of(viewer, f"/certificates/{new.public_id}/")
    assert "In order" in text
    assert "RSA 2048" in text
    assert old.public_id in text
    assert '<td class="r" data-label="Days left then">9</td>' in text
    assert "Replaced" in text_of(viewer, f"/certificates/{old.public_id}/")


def test_an_empty_register_says_what_fills_it(house, viewer):
    house.certificate.delete()
    assert "No certificate seen yet" in text_of(viewer, "/certificates/")


def test_a_certificate_monitor_shows_its_chain(house, viewer):
    monitor = make(house, "tls", host="shop.example")
    builders.certificate(monitor, now=clock.now(), host="mine.example")
    text = text_of(viewer, f"/monitors/{monitor.public_id}/")
    assert "mine.example" in text
    assert "Chain of certificates" in text


def test_a_dns_monitor_shows_the_values_it_saw(house, viewer):
    monitor = make(house, "dns", domain="shop.example")
    assert "No answer yet." in text_of(viewer, f"/monitors/{monitor.public_id}/")
    builders.values_seen(monitor, "192.0.2.1", now=clock.now())
    builders.values_seen(monitor, now=clock.now(), expected=False)
    text = text_of(viewer, f"/monitors/{monitor.public_id}/")
    assert "192.0.2.1" in text
    assert "A shop.example" in text


def test_programs_read_the_same(house, as_):
    monitor = make(house, "dns", domain="shop.example")
    row = builders.values_seen(monitor, "192.0.2.1", now=clock.now())
    client = as_("viewer")
    listed = client.get("/api/v1/dns-observations/", {"monitor": monitor.public_id}).json()["items"]
    assert [(one["id"], one["values"]) for one in listed] == [(row.public_id, ["192.0.2.1"])]
    in_use = client.get("/api/v1/certificates/", {"in_use": "true", "host": "shop.example"}).json()["items"]
    assert [one["id"] for one in in_use] == [house.certificate.public_id]
    assert client.get(f"/api/v1/certificates/{house.certificate.public_id}/").json()["days_left_at_renewal"] is None


def test_a_check_made_now_shows_the_values_it_found_and_gives_them_to_programs(house, as_, monkeypatch):
    monkeypatch.setattr("monitors.services.definition.current_rules", lambda: LOOPBACK)
    monkeypatch.setattr("monitors.services.checks.current_rules", lambda: LOOPBACK)
    with FakeDns() as server:
        server.say("shop.example", "A", "192.0.2.7", "192.0.2.6")
        monitor = make(house, "dns", domain="shop.example", resolver=f"127.0.0.1:{server.port}")
        client = as_("responder")
        page = client.post(f"/monitors/{monitor.public_id}/check/").content.decode()
        assert "192.0.2.6\n192.0.2.7" in page
        told = client.post(f"/api/v1/monitors/{monitor.public_id}/check/").json()
        server.fail("shop.example", "SERVFAIL")
        assert "No answer" in client.post(f"/monitors/{monitor.public_id}/check/").content.decode()
    assert told["answers"]["values"] == ["192.0.2.6", "192.0.2.7"]
    assert told["chain"] == []


def test_a_health_monitor_shows_each_dependency_the_worst_first_with_what_changed(house, viewer):
    monitor = make(house, "health", url="https://shop.example/health")
    assert "No health document yet." in text_of(viewer, f"/monitors/{monitor.public_id}/")
    now = clock.now()
    builders.dependency(monitor, "cache", now=now)
    builders.dependency(monitor, "gone", now=now, state="unknown", said="")
    builders.dependency(monitor, "queue", now=now, state="degraded", said="warn", why="9,000 waiting")
    builders.dependency(monitor, "<b>db</b>", now=now, state="down", said="DOWN", why="no reply")
    text = text_of(viewer, f"/monitors/{monitor.public_id}/")
    places = [
        text.index(words)
        for words in ("Fails", "&lt;b&gt;db&lt;/b&gt;", "Warns", "Not spoken of", "In order", "What changed")
    ]
    assert places == sorted(places)
    assert "no reply" in text
    assert "<b>db</b>" not in text


def test_what_a_health_document_said_long_ago_is_not_claimed(house, viewer):
    monitor = make(house, "health", url="https://shop.example/health")
    row = builders.dependency(monitor, now=clock.now() - timedelta(minutes=5))
    text = text_of(viewer, f"/monitors/{monitor.public_id}/")
    assert "Not heard of" in text
    assert "In order" not in text
    told = viewer.get(f"/api/v1/health-dependencies/{row.public_id}/").json()
    assert (told["state"], told["last_told"], told["said"]) == ("unknown", "up", "ok")


def test_dependencies_of_any_number_are_a_few_questions(house, viewer, django_assert_max_num_queries):
    monitor = make(house, "health", url="https://shop.example/health")
    for number in range(3):
        builders.dependency(monitor, f"d{number}", now=clock.now())
    viewer.get(f"/monitors/{monitor.public_id}/")
    with CaptureQueriesContext(connection) as few:
        viewer.get(f"/monitors/{monitor.public_id}/")
    for number in range(30):
        builders.dependency(monitor, f"e{number}", now=clock.now())
    with django_assert_max_num_queries(len(few)):
        viewer.get(f"/monitors/{monitor.public_id}/")
