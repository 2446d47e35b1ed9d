"""The OpenAPI document is valid and complete, its page keeps to our policy, and docs/api.md says what the code does."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client

from accounts.api.errors import CODES
from accounts.scopes import SCOPES
from tests.api.house import calls

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "api.md").read_text()
CODE = [
    path
    for app in ("accounts", "monitors", "oncall", "incidents", "evidence", "config")
    for app in ("accounts", "monitors", "oncall", "incidents", "statuspage", "config")
    for app in ("accounts", "monitors", "oncall", "incidents", "postmortems", "config")
    for path in (ROOT / app).rglob("api/*.py")
]


def rows(columns):
    """Rows of the tables with this many columns."""
    cells = (line.strip("|").split("|") for line in DOCS.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in row] for row in cells if len(row) == columns]


def test_the_document_is_valid_and_made_without_a_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


def test_every_call_is_in_the_document_with_its_refusals():
    paths = Client().get("/api/v1/schema/").json()["paths"]
    for call in calls():
        path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", call.route)
        answers = paths[path][call.method]["responses"]
        assert {str(call.operation.status), "400", "401", "403", "429", "500"} <= set(answers), call
        assert paths[path][call.method]["summary"], call
    assert sum(len(methods) for methods in paths.values()) == len(calls())


def test_only_calls_that_may_be_repeated_take_a_key():
    paths = Client().get("/api/v1/schema/").json()["paths"]
    for call in calls():
        path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", call.route)
        named = [one["name"] for one in paths[path][call.method].get("parameters", [])]
        assert ("Idempotency-Key" in named) is (call.method != "get" and call.operation.repeatable), call


def test_the_page_takes_nothing_from_elsewhere_and_holds_nothing_inline():
    response = Client().get("/api/v1/docs/")
    page = response.content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith("/") for source in sources)
    assert not re.search(r"<style|style=|<script(?![^>]*\bsrc=)", page)
    assert "'unsafe" not in response["Content-Security-Policy"]
    script = Client().get(next(source for source in sources if "script" in source))
    assert script["Content-Type"].startswith("application/javascript")
    for source in sources:
        if source.startswith(settings.STATIC_URL):
            assert finders.find(source.removeprefix(settings.STATIC_URL)), source


def test_every_address_and_method_is_in_the_docs_and_no_other():
    documented = {}
    for addresses, methods, _ in rows(3):
        for address in re.findall(r"`([a-z-]+/[^`]*)`", addresses):
            documented.setdefault(address, set()).update(methods.split(", "))
    known = {}
    for call in calls():
        address = re.sub(r"<pid:\w+>", "{id}", call.route)
        address = re.sub(r"<\w+:(\w+)>", r"{\1}", address)
        known.setdefault(address, set()).add(call.method.upper())
    assert set(documented) == set(known)
    assert not {address for address in known if not known[address] <= documented[address]}


def test_every_scope_limit_and_code_is_in_the_docs():
    scopes = {row[0].strip("`") for row in rows(2)}
    assert set(SCOPES) <= scopes
    limits = {row[0].strip("`"): (int(row[1]), int(row[2])) for row in rows(4) if row[1].isdigit()}
    assert limits == settings.API_RATES
    documented = {code for row in rows(3) for code in re.findall(r"`(\w+)`", row[1]) if row[0].isdigit()}
    text = " ".join(path.read_text() for path in CODE)
    used = set(re.findall(r'(?:ApiError|Refusal|_refused)\(\s*(?:\d{3}, )?"(\w+)"', text))
    used |= {code for code, _ in CODES.values()} | {"malformed", "taken", "in_use", "conflict"}
    assert documented == used


@pytest.mark.django_db
def test_the_document_is_read_without_a_token():
    response = Client().get("/api/v1/schema/")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.")
