"""One envelope for every refusal, with its status, a code for programs and a sentence for people."""

import json

import pytest
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

from accounts.api import people
from tests.api import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return cast.client(cast.person("admin"))


def told(response, status, code):
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "fields", "request_id"}
    assert (response.status_code, body["error"]["code"]) == (status, code), body
    assert response["Content-Type"].startswith("application/json")
    assert body["error"]["message"].endswith((".", "…")), body["error"]["message"]
    assert body["error"]["request_id"] == response["X-Request-ID"]
    return body["error"]


def post(caller, body, content_type="application/json", **headers):
    return caller.generic("POST", "/api/v1/teams/", body, content_type=content_type, **headers)


def test_400_garbage_is_no_json(admin):
    error = told(post(admin, "{name: Payments"), 400, "malformed")
    assert "no JSON" in error["message"]


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "null", "true"])
def test_400_a_body_that_is_no_object(admin, body):
    told(post(admin, body), 400, "malformed")


def test_400_bytes_that_are_no_utf_8(admin):
    told(post(admin, b'{"name": "\xff\xfe"}'), 400, "malformed")


def test_400_nesting_that_would_exhaust_the_stack(admin):
    told(post(admin, "[" * 200_000), 400, "malformed")


def test_400_numbers_that_are_none(admin):
    told(post(admin, '{"name": NaN}'), 400, "malformed")
    told(post(admin, '{"name": 1' + "0" * 5000 + "}"), 400, "malformed")


def test_400_names_every_field_that_is_wrong(admin):
    response = admin.post("/api/v1/people/", {"email": 7, "role": "king", "nonsense": 1})
    error = told(response, 400, "invalid")
    assert [entry["field"] for entry in error["fields"]] == ["nonsense"]
    error = told(admin.post("/api/v1/people/", {"email": 7, "role": "king"}), 400, "invalid")
    assert {entry["field"]: entry["code"] for entry in error["fields"]} == {
        "email": "invalid", "name": "required", "role": "invalid_choice",
    }  # fmt: skip
    assert "3 fields" in error["message"]


@pytest.mark.parametrize("value", [7, 7.5, True, [], {}, None, "", "   ", "\x00", "a\x1bb", "\ud800", "x" * 81])
def test_400_text_is_text_and_nothing_else(admin, value):
    error = told(post(admin, json.dumps({"name": value})), 400, "invalid")
    assert [entry["field"] for entry in error["fields"]] == ["name"]


@pytest.mark.parametrize("value", ["30", 30.5, True, None, 0, 366, 10**30, -1])
def test_400_a_whole_number_is_a_number_within_its_bounds(admin, value):
    body = {"label": "x", "scopes": ["read"], "expires_in_days": value}
    error = told(admin.post("/api/v1/tokens/", body), 400, "invalid")
    assert [entry["field"] for entry in error["fields"]] == ["expires_in_days"]


@pytest.mark.parametrize(
    "query",
    ["role=king", "active=maybe", "active=1", "limit=0", "limit=201", "limit=x", "limit=٣", "cursor=x", "rolle=admin",
     "cursor=WyJhIl0", "cursor=WzFlOTldXQ", "team=7", "cursor=WzEsMl0", "limit=-1"],
)  # fmt: skip
def test_400_a_bad_filter_is_no_empty_list(admin, query):
    error = told(admin.get(f"/api/v1/people/?{query}"), 400, "invalid")
    assert [entry["field"] for entry in error["fields"]] == [query.partition("=")[0]]


def test_400_a_reference_to_nothing_names_its_field(admin):
    missing = "tea_" + "a" * 16
    response = admin.post("/api/v1/memberships/", {"team": missing, "person": "usr_" + "a" * 16})
    error = told(response, 400, "unknown_reference")
    assert error["fields"] == [
        {"field": "team", "code": "unknown_reference", "message": f"team: there is no {missing}."}
    ]


def test_401_without_a_token():
    told(APIClient().get("/api/v1/people/"), 401, "not_authenticated")


def test_403_for_a_role(admin):
    told(cast.client(cast.person("viewer")).post("/api/v1/teams/", {"name": "x"}), 403, "denied")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/", "/api/v1/nothing/", "/api/v1/people", "/api/v1/people/usr_" + "a" * 16 + "/", "/api/v1/people/7/",
     "/api/v1/people/%00/", "/api/v1/people/..%2f/", "/api/v1/incidents/INC-2026-0001/", "/api/v1/ledger/0/",
     "/api/v1/ledger/" + "9" * 18 + "/", "/api/v1/teams/%0a/", "/api/", "/api/v2/teams/"],
)  # fmt: skip
def test_404_for_what_is_not_there(admin, path):
    told(admin.get(path), 404, "not_found")


def test_404_on_an_unknown_address_whatever_the_method():
    for method in ("get", "post", "put", "patch", "delete", "options"):
        told(getattr(Client(), method)("/api/v1/nothing"), 404, "not_found")


def test_405_lists_the_methods_it_knows(admin):
    for method in ("put", "delete", "options"):
        response = getattr(admin, method)("/api/v1/teams/")
        told(response, 405, "method_not_allowed")
        assert response["Allow"] == "GET, HEAD, POST"


def test_409_for_a_name_that_is_taken(admin):
    assert admin.post("/api/v1/teams/", {"name": "Payments"}).status_code == 201
    error = told(admin.post("/api/v1/teams/", {"name": "payments"}), 409, "name_taken")
    assert error["fields"][0]["field"] == "name"


def test_409_for_a_version_that_is_no_longer_in_force(admin):
    team = admin.post("/api/v1/teams/", {"name": "Payments"}).json()
    url = f"/api/v1/teams/{team['id']}/"
    assert admin.patch(url, {"name": "Pay", "version": 1}).json()["version"] == 2
    error = told(admin.patch(url, {"name": "Paid", "version": 1}), 409, "stale_version")
    assert "version 2 is in force" in error["message"]
    assert admin.get(url).json()["name"] == "Pay"


def test_411_a_body_in_chunks_is_refused_and_not_lost(admin):
    url = "/api/v1/people/usr_" + "a" * 16 + "/deactivate/"
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    told(admin.generic("POST", url, "", content_type="application/json", **chunked), 411, "length_required")


def test_413_before_a_byte_of_it_is_parsed(admin):
    error = told(post(admin, '{"name": "' + "x" * 10_000_000 + '"}'), 413, "too_large")
    assert "1 MB" in error["message"]


def test_413_counts_before_anybody_is_asked_who_they_are():
    told(post(APIClient(), "x" * 1_100_000), 413, "too_large")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "json"])
def test_415_for_another_content_type(admin, content_type):
    told(post(admin, '{"name": "x"}', content_type=content_type), 415, "unsupported_media_type")


def test_429_says_when_to_come_back(settings):
    settings.API_RATES = {**settings.API_RATES, "read": (2, 60)}
    caller = cast.client(cast.person("admin"))
    answers = [caller.get("/api/v1/people/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    told(answers[2], 429, "too_many_requests")
    assert 1 <= int(answers[2]["Retry-After"]) <= 60


def test_500_tells_nothing_of_what_broke(admin, monkeypatch):
    def breaks(**_):
        raise ZeroDivisionError("the secret is 42")

    monkeypatch.setattr(people, "people", breaks)
    admin.raise_request_exception = False
    response = admin.get("/api/v1/people/")
    told(response, 500, "internal")
    assert "secret" not in response.content.decode()


def test_503_while_the_database_does_not_answer(admin, monkeypatch):
    def breaks(**_):
        raise OperationalError("database is locked")

    monkeypatch.setattr(people, "people", breaks)
    response = admin.get("/api/v1/people/")
    told(response, 503, "unavailable")
    assert response["Retry-After"] == "5"


def test_any_accept_header_gets_json(admin):
    assert admin.get("/api/v1/me/", HTTP_ACCEPT="text/html").status_code == 200
    told(admin.get("/api/v1/nothing/", HTTP_ACCEPT="image/png"), 404, "not_found")


def test_400_for_a_host_that_is_not_ours(admin):
    told(admin.get("/api/v1/me/", HTTP_HOST="elsewhere.example"), 400, "invalid")


def test_500_before_a_view_is_reached_is_told_alike(admin, monkeypatch):
    def breaks(_):
        raise OperationalError("no database")

    monkeypatch.setattr("config.middleware.ActorMiddleware.actor", staticmethod(breaks))
    admin.raise_request_exception = False
    told(admin.get("/api/v1/me/"), 500, "internal")
