"""Idempotency-Key: the answer that was lost is given again, and nothing happens twice."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import TransactionTestCase
from rest_framework.test import APIClient

from accounts.models import ApiToken, IdempotencyKey, Team
from ledger import clock
from ledger.models import Entry
from tests import builders
from tests.api import cast


def send(caller, body, key="one", url="/api/v1/teams/"):
    return caller.post(url, body, headers={"Idempotency-Key": key})


@pytest.fixture
def admin(db):
    return cast.client(cast.person("admin"))


def test_the_same_request_gets_the_stored_answer(admin):
    first = send(admin, {"name": "Payments"})
    again = send(admin, {"name": "Payments"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first
    assert Team.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(admin):
    send(admin, {"name": "Payments"})
    other = send(admin, {"name": "Refunds"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")
    assert not Team.objects.filter(name="Refunds").exists()


def test_another_address_under_the_same_key_is_refused(admin):
    team = send(admin, {"name": "Payments"}).json()
    other = send(admin, {"name": "Payments"}, url=f"/api/v1/teams/{team['id']}/retire/")
    assert other.status_code == 404
    contact = send(admin, {"kind": "email", "address": "a@example.com"}, url="/api/v1/contact-methods/")
    assert contact.json()["error"]["code"] == "key_reused"


def test_a_refused_request_leaves_no_key(admin):
    assert send(admin, {"name": ""}).status_code == 400
    assert send(admin, {"name": "Payments"}).status_code == 201


def test_each_caller_has_keys_of_their_own(admin):
    send(admin, {"name": "Payments"})
    other = cast.client(cast.person("admin", "Bert"))
    assert send(other, {"name": "Refunds"}).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "ключ"])
def test_a_key_of_another_form_is_refused(admin, key):
    response = send(admin, {"name": "Payments"}, key=key)
    assert (response.status_code, cast.problems(response)) == (400, ["Idempotency-Key"])


def test_a_key_is_forgotten_after_a_day(admin):
    send(admin, {"name": "Payments"})
    IdempotencyKey.objects.update(created_at=clock.now() - timedelta(days=2))
    assert send(admin, {"name": "Refunds"}).status_code == 201
    assert IdempotencyKey.objects.count() == 1


def test_a_secret_shown_once_is_not_stored_for_the_repeat(admin):
    body = {"label": "Pipeline", "scopes": ["read"]}
    first = send(admin, body, url="/api/v1/tokens/").json()
    again = send(admin, body, url="/api/v1/tokens/").json()
    assert first["secret"].startswith("wbk_")
    assert again == {**first, "secret": None}
    assert first["secret"] not in IdempotencyKey.objects.get().answer
    assert ApiToken.objects.filter(label="Pipeline").count() == 1


def test_answers_are_encrypted_at_rest(admin):
    send(admin, {"name": "Payments"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM accounts_idempotencykey")
        assert "Payments" not in cursor.fetchone()[0]


def test_a_code_is_confirmed_without_a_key_so_that_wrong_tries_stay_counted(admin, db):
    contact = admin.post("/api/v1/contact-methods/", {"kind": "phone", "address": "+44 7700 900123"}).json()
    refused = send(admin, {"code": "000000"}, url=f"/api/v1/contact-methods/{contact['id']}/confirm/")
    assert (refused.status_code, cast.problems(refused)) == (400, ["Idempotency-Key"])


class TestAtTheSameMoment(TransactionTestCase):
    """Two connections: on PostgreSQL they meet in the unique index, on SQLite at the write lock."""

    def test_it_happens_once_and_both_get_the_same_answer(self):
        admin = builders.person("Ada", "admin", now=clock.now())
        _, secret = cast.token_for(admin)
        APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}").get("/api/v1/me/")
        answers, start = [], threading.Barrier(4)

        def call():
            try:
                start.wait()
                caller = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
                answers.append(send(caller, {"name": "Payments"}))
            finally:
                connection.close()

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [answer.status_code for answer in answers] == [201] * 4
        assert len({answer.content for answer in answers}) == 1
        assert Team.objects.count() == 1
        assert Entry.objects.filter(kind="config.team.created").count() == 1
