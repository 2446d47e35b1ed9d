"""Who may call: tokens right, wrong, expired, revoked, too narrow; and the signed-in browser."""

import secrets
from datetime import timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken
from accounts.services.people import deactivate
from accounts.services.tokens import revoke_token
from ledger import clock
from tests.api import cast

pytestmark = pytest.mark.django_db


def refused(response, status, code, *words):
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert all(word in error["message"] for word in words), error["message"]
    assert error["request_id"] == response["X-Request-ID"]


def test_without_a_token_the_answer_is_401_and_says_what_to_send():
    response = APIClient().get("/api/v1/me/")
    refused(response, 401, "not_authenticated", "Authorization: Bearer")
    assert response["WWW-Authenticate"] == 'Bearer realm="watchbook"'


def test_a_token_answers_who_it_belongs_to_and_what_it_may_do():
    alice = cast.person("responder", "Alice")
    response = cast.client(alice, "read", "respond").get("/api/v1/me/")
    answer = response.json()
    assert response["Cache-Control"] == "no-store"
    assert answer["id"] == alice.public_id
    assert answer["email"] == "a…@larkspur.example"
    assert answer["scopes"] == ["read", "respond"]


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer  ", "wbk_abc"])
def test_another_scheme_is_refused_with_the_right_one(header):
    response = APIClient().get("/api/v1/me/", HTTP_AUTHORIZATION=header)
    refused(response, 401, "not_authenticated", "Bearer wbk_")


def test_a_wrong_token_is_refused():
    caller = APIClient(HTTP_AUTHORIZATION="Bearer wbk_wrong")
    refused(caller.get("/api/v1/me/"), 401, "bad_token", "No token has this secret")


def test_a_token_with_one_letter_changed_is_refused():
    _, secret = cast.token_for(cast.person("admin"))
    changed = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    refused(APIClient(HTTP_AUTHORIZATION=f"Bearer {changed}").get("/api/v1/me/"), 401, "bad_token")


def test_an_expired_token_says_when_it_expired():
    token, secret = cast.token_for(cast.person("admin"), days=1, now=clock.now() - timedelta(days=3))
    refused(
        APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}").get("/api/v1/me/"),
        401, "token_expired", f"{token.expires_at:%d %B %Y}",
    )  # fmt: skip


def test_a_revoked_token_is_refused_at_once():
    token, secret = cast.token_for(cast.person("admin"))
    caller = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert caller.get("/api/v1/me/").status_code == 200
    revoke_token(token, now=clock.now(), reason="Lost laptop")
    refused(caller.get("/api/v1/me/"), 401, "token_revoked", "revoked")


def test_a_token_of_somebody_deactivated_is_refused():
    cast.person("admin", "Ada")
    ben = cast.person("responder", "Ben")
    _, secret = cast.token_for(ben)
    deactivate(ben, now=clock.now(), reason="Left", expected_version=ben.version)
    refused(APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}").get("/api/v1/me/"), 401, "token_revoked")


def test_a_token_with_another_scope_says_which_it_needs():
    response = cast.client(cast.person("admin"), "read").post("/api/v1/teams/", {"name": "Payments"})
    refused(response, 403, "scope_missing", "has the scope read", "people or admin")


def test_a_scope_does_not_lift_what_the_owner_may_do():
    response = cast.client(cast.person("viewer"), "admin").post("/api/v1/teams/", {"name": "Payments"})
    refused(response, 403, "denied", "role viewer", "manage people")


def test_the_secret_is_stored_as_a_hash_only():
    token, secret = cast.token_for(cast.person("admin"))
    held = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret not in str(held)
    assert len(secret) >= 47
    assert held["secret_hint"] == secret[:8]


def test_use_is_noted_once_a_minute_and_makes_no_history():
    token, secret = cast.token_for(cast.person("admin"))
    caller = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    caller.get("/api/v1/me/")
    first = ApiToken.objects.get(pk=token.pk).last_used_at
    caller.get("/api/v1/me/")
    assert first is not None
    assert ApiToken.objects.get(pk=token.pk).last_used_at == first
    assert ApiToken.history.filter(id=token.pk).count() == 1


def test_guessing_tokens_is_limited_by_address(settings):
    settings.API_RATES = {**settings.API_RATES, "bad_token": (3, 60)}
    # counters outlive a test when they are kept in Redis, so this address is like no other
    somewhere = f"2001:db8::{secrets.randbits(16):x}:{secrets.randbits(16):x}"
    caller = APIClient(HTTP_AUTHORIZATION="Bearer wbk_guess", REMOTE_ADDR=somewhere)
    assert [caller.get("/api/v1/me/").status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    good = cast.client(cast.person("admin"))
    assert good.get("/api/v1/me/", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_the_signed_in_browser_may_read_and_writes_only_with_a_csrf_token():
    admin = cast.person("admin")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin)
    assert browser.get("/api/v1/me/").status_code == 200
    bare = browser.post("/api/v1/teams/", {"name": "A"}, content_type="application/json")
    refused(bare, 403, "denied", "CSRF")
    browser.get("/api/v1/docs/")
    browser.cookies["csrftoken"] = "x" * 32
    sent = browser.post(
        "/api/v1/teams/", {"name": "A"}, content_type="application/json", headers={"X-CSRFToken": "x" * 32}
    )
    assert sent.status_code == 201


def test_changes_are_recorded_under_the_token_and_not_under_a_name():
    admin = cast.person("admin", "Ada")
    token, secret = cast.token_for(admin)
    caller = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
    made = caller.post("/api/v1/teams/", {"name": "Payments"}).json()
    version = caller.get(f"/api/v1/teams/{made['id']}/history/").json()["items"][0]
    assert version["by"] == {"kind": "token", "id": token.public_id, "via": "API"}
