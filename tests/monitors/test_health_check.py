"""A health endpoint in each of its usual shapes: who fails is named, and who must be there is missed."""

import json
from datetime import UTC, datetime

import pytest

from monitors.kinds import KINDS
from monitors.kinds.health_document import judge_document
from monitors.probes.registry import compile_check, run_once
from monitors.probes.trace import Outcome
from tests.monitors.conftest import LOOPBACK

SPRING = {
    "status": "DOWN",
    "components": {
        "db": {"status": "DOWN", "details": {"error": "connection refused"}},
        "diskSpace": {"status": "UP", "details": {"free": 5}},
        "mail": {"status": "UP", "components": {"relay": {"status": "OUT_OF_SERVICE"}}},
    },
}
DRAFT = {
    "status": "warn",
    "checks": {
        "cassandra:responseTime": [{"status": "pass"}, {"status": "fail", "output": "no quorum"}],
        "uptime": [{"observedValue": 120}],
    },
}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"status": "ok"}, ""),
        ({"status": "UP"}, ""),
        ({"status": "pass", "checks": {"db": [{"status": "pass"}]}}, ""),
        ({"healthy": True, "dependencies": {"db": True, "cache": "connected"}}, ""),
        ({"status": "ok", "checks": {"db": "ok", "cache": "down"}}, "Failing: cache (down)."),
        ({"status": "ok", "dependencies": {"db": False}}, "Failing: db (false)."),
        ({"status": "ok", "checks": [{"name": "db", "status": "error", "message": "timed  out"}]}, "Failing: db (error: timed out)."),
        (SPRING, "Failing: db (DOWN: connection refused), mail/relay (OUT_OF_SERVICE)."),
        (DRAFT, "Failing: cassandra:responseTime (fail: no quorum)."),
        ({"status": "Unhealthy", "results": {}}, "It says of itself: Unhealthy, and of no dependency that it fails."),
        ({"status": "degraded", "checks": {"db": "warn"}}, ""),
        ({"checks": {f"d{n}": "down" for n in range(8)}}, "Failing: d0 (down), d1 (down), d2 (down), d3 (down), d4 (down) and 3 more."),
    ],
)  # fmt: skip
def test_who_fails_is_named(document, sentence):
    assert judge_document(document, (), warn_fails=False) == sentence


def test_a_warning_fails_who_says_so():
    document = {"status": "ok", "checks": {"queue": {"status": "warn", "output": "9,000 waiting"}}}
    assert judge_document(document, (), warn_fails=True) == "Failing: queue (warn: 9,000 waiting)."


def test_a_dependency_that_must_be_there_is_missed_in_any_spelling():
    assert judge_document(DRAFT | {"checks": {"DB": "ok"}}, ("db",), warn_fails=False) == ""
    wrong = judge_document({"status": "ok", "checks": {"db": "ok"}}, ("db", "cache", "mail"), warn_fails=False)
    assert wrong == "The answer does not speak of cache, mail."


@pytest.mark.parametrize("document", [[], "ok", 5, {}, {"version": "1.2"}, {"checks": []}])
def test_a_document_that_says_nothing_of_health_is_no_good_health(document):
    with pytest.raises(ValueError, match="no "):
        judge_document(document, (), warn_fails=False)


def test_a_deep_or_long_document_ends():
    deep = {"status": "ok"}
    for _ in range(50):
        deep = {"status": "ok", "components": {"x": deep}}
    assert judge_document(deep, (), warn_fails=False) == ""
    assert judge_document({"checks": {f"d{n}": "ok" for n in range(100_000)}}, (), warn_fails=False) == ""


def check(url, **target):
    kind = KINDS["health"]
    held = kind.read_secrets({})
    made = compile_check("health", kind.read_target({"url": url, **target}, held), held, timeout_s=5.0)
    return run_once(made, LOOPBACK, now=datetime.now(UTC))


def test_an_answer_of_503_names_what_fails_and_not_only_its_status(site):
    site.status, site.text = 503, json.dumps(SPRING)
    trace = check(site.url)
    assert (trace.outcome, trace.code, trace.status) == (Outcome.FAILED, "health", 503)
    assert trace.sentence == "Failing: db (DOWN: connection refused), mail/relay (OUT_OF_SERVICE)."
    site.text = "<h1>Bad gateway</h1>"
    assert check(site.url).sentence == "Answered 503, expected 200-299."


def test_it_is_asked_for_json_and_must_answer_it(site):
    site.text = '{"status": "ok", "checks": {"db": "ok"}}'
    assert check(site.url, required=["db"]).ok
    assert site.seen[-1][2]["Accept"] == "application/health+json, application/json"
    assert check(site.url, required=["cache"]).sentence == "The answer does not speak of cache."
    site.text = "all is well"
    assert check(site.url).sentence == "The answer is not JSON: it begins with “all is well”."
    site.text = '{"version": 3}'
    assert check(site.url).sentence == "The answer is JSON and says nothing of health."
