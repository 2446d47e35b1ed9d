"""Schemathesis over the whole document: whatever is sent, nothing breaks, and every answer is a promised one.

The seed is fixed. Half of the examples fit the document and name objects that are there; the other half
break it on purpose. `SCHEMA_EXAMPLES` sets how many there are for each call.
"""

import os
import re
from functools import cache

import pytest
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from monitors.probes.trace import Outcome, Trace
from tests.api import cast
from tests.api.house import build, calls

schemathesis = pytest.importorskip("schemathesis", reason="needs the package schemathesis (requirements-dev.lock)")

pytestmark = [pytest.mark.schema, pytest.mark.django_db(transaction=True)]

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "12"))
SEED = 20261122
# by the name of a field or parameter: what of the house it may name
NAMES = {
    "team": "teams", "owner": "people", "person": "people", "service": "services", "policy": "policies",
    "monitor": "monitors", "run": "runs", "postmortem": "post-mortems", "schedule": "schedules", "layer": "schedule-layers",
    "who": "people", "whom": "people",
}  # fmt: skip
MANY = {"people": "people", "systems": "systems"}


@cache
def document():
    """The document, served by the application itself."""
    return schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())


@pytest.fixture
def house(settings, monkeypatch):
    """One of everything; checks do not leave the machine, and limits do not stop us."""
    settings.API_RATES = dict.fromkeys(settings.API_RATES, (10**6, 60))
    monkeypatch.setattr("monitors.services.checks.run_once", lambda *args, **more: Trace(outcome=Outcome.OK))
    return build()


def real(house, value, name=""):
    """The same body or query with objects of this house in place of invented ids."""
    if isinstance(value, dict):
        return {key: real(house, inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        if name in MANY:
            return [house.ids[MANY[name]]] if value else []
        return [real(house, inner) for inner in value]
    return house.ids[NAMES[name]] if isinstance(value, str) and name in NAMES else value


def made_real(house, case, call):
    """Put ids of the house into a case that fits the document."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = "impact" if name == "section" else house.ids[call.noun]
    if isinstance(case.body, dict):
        case.body = real(house, case.body)
    if case.query:
        case.query = real(house, case.query)


def checks():
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    return [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.parametrize("call", calls(), ids=str)
def test_nothing_that_is_sent_breaks_a_call(house, call):
    path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", call.route)
    operation = document()[path][call.method.upper()]
    secret = cast.token_for(house.people["admin"])[1]
    modes = schemathesis.GenerationMode

    def tried(case):
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(response, checks=checks())

    bounds = settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )

    @seed(SEED)
    @bounds
    @given(case=operation.as_strategy(generation_mode=modes.POSITIVE), known=st.booleans())
    def fits(case, known):
        if known:
            made_real(house, case, call)
        tried(case)

    @seed(SEED)
    @bounds
    @given(case=operation.as_strategy(generation_mode=modes.NEGATIVE))
    def breaks(case):
        tried(case)

    fits()
    if call.operation.takes or call.operation.many or "<" in call.route:
        breaks()
