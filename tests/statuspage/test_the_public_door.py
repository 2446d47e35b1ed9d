"""The public page as the network sees it: nothing leaks, nothing is remembered, nothing is written, garbage is a 404."""

import json
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from incidents.services.work import add_note
from ledger.actors import SYSTEM
from ledger.redaction import redact
from statuspage.models import StatusPage
from statuspage.services import change_page, retire_page
from tests import builders

DOC = (Path(__file__).resolve().parents[2] / "docs" / "status-pages.md").read_text()
PATHS = ("", "summary.json")


def publish(page, published, now):
    change_page(page, {"is_published": published}, now=now, reason="Test")


# --- nothing leaks


def test_nothing_internal_is_in_what_customers_get(status):
    world = status.world
    status.breaks()
    add_note(world.incident, "planted-note", actor=SYSTEM, person=world.people["Alice"], how="screen", now=world.now)
    wrong = status.tell("investigating", "Wrong words.", affected={status.component.public_id: "down"})
    status.correct(wrong, "Right words.", reason="planted-reason")
    inside = [
        "Checkout", "checkout-api.example", "502 Bad Gateway", "Checkout API is down", "INC-2026", "planted-note", "planted-reason",
        "Wrong words", "Platform", world.policy.name, world.service.public_id, world.monitors["Checkout API"].public_id,
        *(person.name for person in world.people.values()), *(person.email for person in world.people.values()), "+44",
        *(person.public_id for person in world.people.values()),
    ]  # fmt: skip
    for path in PATHS:
        answer = status.get(path)
        everything = answer.content.decode() + str(answer.headers)
        assert [word for word in inside if word in everything] == []
        assert "Right words." in everything


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_published_cannot_be_told_from_what_is_not_there(status, path):
    nowhere = Client().get(f"/status/nobody/{path}")
    publish(status.page, False, status.world.now)
    hidden = status.get(path)
    publish(status.page, True, status.world.now)
    assert status.get(path).status_code == 200
    retire_page(status.page, now=status.world.now, reason="Test")
    retired = status.get(path)
    assert nowhere.status_code == hidden.status_code == retired.status_code == 404
    assert nowhere.content == hidden.content == retired.content
    own = {"X-Request-ID"}
    heads = [{k: v for k, v in one.headers.items() if k not in own} for one in (nowhere, hidden, retired)]
    assert heads[0] == heads[1] == heads[2]


# --- nothing is remembered about who asks


@pytest.mark.parametrize("path", PATHS)
def test_no_cookie_is_set_and_nothing_varies_by_one(status, path):
    for client in (Client(), status.world.browser("Ada")):
        answer = client.get(f"/status/larkspur/{path}")
        assert answer.status_code == 200
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize("path", PATHS)
def test_a_member_gets_the_very_bytes_of_a_stranger_and_no_session_is_read(status, path):
    ada = status.world.browser("Ada")
    with CaptureQueriesContext(connection) as queries:
        theirs = ada.get(f"/status/larkspur/{path}")
    assert theirs.content == status.get(path).content
    assert not [q["sql"] for q in queries if "session" in q["sql"]]


def test_it_says_how_long_it_may_be_kept_and_answers_304_until_something_changes(status):
    for path in PATHS:
        first = status.get(path)
        assert first["Cache-Control"] == "public, max-age=15"
        again = status.get(path, **{"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    before = status.get()["ETag"]
    status.breaks()
    changed = status.get(**{"If-None-Match": before})
    assert changed.status_code == 200
    assert changed["ETag"] != before


def test_only_reading_is_possible(status):
    for method in ("post", "put", "patch", "delete"):
        for path in PATHS:
            assert getattr(Client(), method)(f"/status/larkspur/{path}").status_code == 405
    assert Client().head("/status/larkspur/").status_code == 200


def test_any_site_may_read_the_json_and_none_may_frame_the_page(status):
    assert status.get("summary.json")["Access-Control-Allow-Origin"] == "*"
    policy = status.get()["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe" not in policy


def test_the_page_has_no_script_and_nothing_inline(status):
    status.breaks()
    status.tell(affected={status.component.public_id: "down"})
    page = status.get().content.decode()
    assert "<script" not in page
    assert "style=" not in page
    assert "csrf" not in page


# --- nothing is written


@contextmanager
def read_only_database():
    """A database that refuses every write."""
    with transaction.atomic(), connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        cursor.execute("PRAGMA query_only = ON" if sqlite else "SET TRANSACTION READ ONLY")
        try:
            yield
        finally:
            if sqlite:
                cursor.execute("PRAGMA query_only = OFF")
            # on PostgreSQL a transaction stays read-only until the savepoint before it is rolled back to
            transaction.set_rollback(True)


@pytest.mark.parametrize("path", PATHS)
def test_it_works_while_nothing_can_be_written(status, path):
    status.breaks()
    status.tell()
    with read_only_database():
        assert status.get(path).status_code == 200
        with pytest.raises(DatabaseError), transaction.atomic():
            status.tell("resolved", "Nobody can write this.")


# --- what people write is text


def test_what_is_written_is_shown_as_text(status):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
    change_page(status.page, {"name": evil[:100], "intro": evil}, now=status.world.now, reason="Test")
    builders.component(status.page, status.world.service, evil[:100], heading=evil[:60], now=status.world.now)
    status.breaks()
    status.tell("investigating", evil, title=evil[:100])
    page = status.get().content.decode()
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 5
    [incident] = status.summary()["incidents"]
    assert incident["updates"][0]["text"] == evil


def test_a_text_that_was_redacted_is_gone_from_the_page_too(status):
    status.breaks()
    update = status.tell("investigating", "Mrs Quill of 4 Elm Street cannot order.")
    redact(update.text_sha256, now=status.world.now, reason="A name")
    page = status.get().content.decode()
    assert "Quill" not in page
    assert "This text was removed." in page


# --- garbage


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "a" * 5000,
        "..",
        "%00",
        "%2e%2e%2fetc",
        "LARKSPUR",
        "lark spur",
        "лаванда",
        "larkspur'--",
        "larkspur%0a",
        "-",
        "1",
        "_",
    ],
)
@pytest.mark.django_db
def test_a_garbage_address_is_a_404(slug):
    for path in PATHS:
        assert Client().get(f"/status/{slug}/{path}").status_code == 404


@pytest.mark.django_db
def test_a_garbage_query_changes_nothing(status):
    plain = status.get().content
    assert status.get("?page=%00&x[]=1&slug=other").content == plain


def test_an_address_without_its_slash_leads_to_the_page(status):
    answer = Client().get("/status/larkspur")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/status/larkspur/")


def test_a_header_that_is_no_etag_gets_the_page(status):
    assert status.get(**{"If-None-Match": "\x7f;;;W/", "If-Modified-Since": "yesterday"}).status_code == 200


# --- what it costs


@pytest.mark.parametrize("path", PATHS)
def test_many_components_and_incidents_cost_as_many_queries_as_few(status, path):
    def grow(count):
        for i in range(count):
            number = StatusPage.objects.count() + 100 * i + grow.made
            grow.made += 1
            service = builders.service(f"Service {number}", now=status.world.now)
            builders.monitor(f"Monitor {number}", service=service, now=status.world.now)
            builders.component(status.page, service, f"Component {number}", now=status.world.now)
            status.world.incident.pk and status.tell("identified", f"Word {number}")

    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert status.get(path).status_code == 200
        return len(seen)

    grow.made = 0
    status.breaks()
    grow(2)
    few = queries()
    grow(8)
    assert queries() == few <= 13


def test_members_see_a_preview_of_what_is_not_published(status):
    publish(status.page, False, status.world.now)
    page = status.world.browser("Victor").get(f"/status-pages/{status.page.public_id}/preview/")
    assert page.status_code == 200
    assert b"Nobody else sees this page before it is published." in page.content
    assert b"Placing orders" in page.content
    assert Client().get(f"/status-pages/{status.page.public_id}/preview/").status_code == 302


# --- planned work


def planned(status, approved_by="Ada", **more):
    people = status.world.people
    approver = people[approved_by] if approved_by else None
    return builders.window(
        status.component.service,
        name="Secret codename",
        by=people["Mona"],
        approved_by=approver,
        now=status.world.now,
        **more,
    )


def test_planned_work_is_told_ahead_and_while_it_lasts_without_its_name(status):
    planned(status, starts_in=timedelta(minutes=5), length=timedelta(minutes=5))
    page = status.get().content.decode()
    assert "Planned maintenance" in page and "Scheduled" in page and "Secret codename" not in page
    status.world.advance(minutes=6)
    (told,) = status.summary()["maintenance"]
    assert told["in_progress"] and told["components"] == [status.component.public_id]
    assert status.state() == "Working", "what is measured stands beside it"
    status.world.advance(minutes=5)
    assert status.summary()["maintenance"] == []


def test_work_that_nobody_approved_is_not_told(status):
    planned(status, approved_by="")
    assert status.summary()["maintenance"] == []


# --- the shape of the JSON is the documented one


def shape(value):
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def test_the_documented_json_is_the_shape_that_is_sent(status):
    status.breaks()
    status.tell("investigating", "We look.", affected={status.component.public_id: "down"})
    status.mends()
    status.tell("resolved", "Over.", affected={status.component.public_id: "down"})
    planned(status)
    documented = json.loads(DOC.split("```json")[1].split("```")[0])
    sent = status.summary()
    for body in (documented, sent):
        for component in body["components"]:
            component["days"] = [{**day, "seconds": {}} for day in component["days"] if day["state"]]
    assert shape(documented) == shape(sent)


def test_the_addresses_of_customers_have_names_that_do_not_move():
    assert reverse("status_page", args=["acme"]) == "/status/acme/"
    assert reverse("status_summary", args=["acme"]) == "/status/acme/summary.json"
    with pytest.raises(NoReverseMatch):
        reverse("status_page", args=["a b"])
