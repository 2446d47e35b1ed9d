"""A health endpoint in each of its usual shapes: who fails is named, and who must be there is missed."""

import json
from datetime import UTC, datetime

import pytest

from monitors.kinds import KINDS
from monitors.kinds.health_document import Dependency, judge_document, one_line, read_document
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


def judge(document, required=(), *, warn_fails=False):
    return judge_document(read_document(document), required, warn_fails=warn_fails)


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
    assert judge(document) == sentence


def test_a_warning_fails_who_says_so():
    document = {"status": "ok", "checks": {"queue": {"status": "warn", "output": "9,000 waiting"}}}
    assert judge(document, warn_fails=True) == "Failing: queue (warn: 9,000 waiting)."


def test_a_dependency_that_must_be_there_is_missed_in_any_spelling():
    assert judge(DRAFT | {"checks": {"DB": "ok"}}, ("db",)) == ""
    wrong = judge({"status": "ok", "checks": {"db": "ok"}}, ("db", "cache", "mail"))
    assert wrong == "The answer does not speak of cache, mail."


@pytest.mark.parametrize("document", [[], "ok", 5, {}, {"version": "1.2"}, {"checks": []}])
def test_a_document_that_says_nothing_of_health_is_no_good_health(document):
    with pytest.raises(ValueError, match="no "):
        judge(document)


def test_a_name_told_twice_is_one_dependency_the_worst_of_both():
    checks = [{"name": "db", "status": "ok"}, {"name": "db", "status": "down"}, {"name": "db", "status": "warn"}]
    assert read_document({"checks": checks}).dependencies == (Dependency("db", 2, "down"),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("could not reach postgres://shop:hunter2@db.inner/shop", "could not reach postgres://…@db.inner/shop"),
        ("rejected: Authorization: Bearer abcdefgh12345", "rejected: Authorization: Bearer …"),
        ("login with password=hunter2, retried", "login with password=…, retried"),
        ('{"api_key": "k-17", "age": 3}', '{"api_key": …, "age": 3}'),
        ("mail to jane.doe@shop.example bounced", "mail to …@shop.example bounced"),
        ("session 0f3c9a77d1e24b5f8a6cc1b2d3e4f5a6 expired", "session … expired"),
        (
            "checkout-service-production-eu-1/db_replica_of_production_2",
            "checkout-service-production-eu-1/db_replica_of_production_2",
        ),
        ("CannotGetJdbcConnectionException of the pool", "CannotGetJdbcConnectionException of the pool"),
        ("two\nlines\tand \u202ethe rest\x00 of it \ud83d", "two lines and the rest of it"),
    ],
)
def test_foreign_words_are_one_printable_line_without_credentials(text, line):
    assert one_line(text, 80).rstrip() == line


def test_names_words_and_reasons_are_cut():
    document = {"checks": {"n" * 500: {"status": "s" * 500, "output": "o " * 500, "components": {"m" * 500: "ok"}}}}
    one, below = read_document(document).dependencies
    assert (len(one.name), len(one.said), len(one.why)) == (100, 40, 80)
    assert len(below.name) == 160
    assert one.name.endswith("…")


def test_a_secret_in_a_reason_is_in_no_sentence():
    document = {"checks": {"db": {"status": "down", "error": "redis://:s3cret@cache:6379 refused"}}}
    assert judge(document) == "Failing: db (down: redis://…@cache:6379 refused)."


def test_a_deep_or_long_document_ends():
    deep = {"status": "ok"}
    for _ in range(50):
        deep = {"status": "ok", "components": {"x": deep}}
    assert judge(deep) == ""
    assert judge({"checks": {f"d{n}": "ok" for n in range(100_000)}}) == ""


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


def test_what_it_says_of_each_dependency_is_in_the_trace_also_when_it_fails(site):
    site.status, site.text = 503, json.dumps(SPRING)
    assert [(one.name, one.grade, one.said) for one in check(site.url).dependencies] == [
        ("db", 2, "DOWN"),
        ("diskSpace", 0, "UP"),
        ("mail", 0, "UP"),
        ("mail/relay", 2, "OUT_OF_SERVICE"),
    ]
    site.text = json.dumps({"status": "ok", "checks": {f"d{n:04}": "ok" for n in range(2_000)}})
    assert len(check(site.url).dependencies) == 200
    site.text = "<h1>Bad gateway</h1>"
    assert check(site.url).dependencies is None


def test_it_is_asked_for_json_and_must_answer_it(site):
    site.text = '{"status": "ok", "checks": {"db": "ok"}}'
    assert check(site.url, required=["db"]).ok
    assert site.seen[-1][2]["Accept"] == "application/health+json, application/json"
    assert check(site.url, required=["cache"]).sentence == "The answer does not speak of cache."
    site.text = "all is well"
    assert check(site.url).sentence == "The answer is not JSON: it begins with “all is well”."
    site.text = '{"version": 3}'
    assert check(site.url).sentence == "The answer is JSON and says nothing of health."
