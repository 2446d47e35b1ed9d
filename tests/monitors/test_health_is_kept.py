"""Dependencies of a health check: a row for each, every change of it, and nothing that a hostile endpoint could fill."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.models import Entry
from monitors.engine import health_rows
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.health import KEPT
from monitors.kinds.health_document import read_document
from monitors.models import HealthChange, HealthDependency, HealthReport, ProbeSlot, Result
from monitors.probes.trace import Outcome, Trace
from monitors.services import create_location, create_monitor, pause_monitor, set_locations

pytestmark = pytest.mark.django_db

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


@pytest.fixture
def monitor(shop):
    target = {"url": "https://shop.example/health"}
    return create_monitor(service=shop, name="H", kind="health", target=target, now=T0, reason="Test", interval_s=60)


def finding(monitor, second, told, *, place=None, outcome=Outcome.OK):
    place = place or ProbeSlot.objects.get(monitor=monitor).location_id
    trace = Trace(outcome=outcome, total_us=1000, status=200, dependencies=told)
    return Finding(monitor.pk, monitor.version, place, at(second), False, 500, trace)


def tell(monitor, second, checks=None, **given):
    """A check at this second that is told of these checks; None for an answer that is no health document."""
    told = None if checks is None else read_document({"status": "ok", "checks": checks}).dependencies
    hand_over([finding(monitor, second, told, **given)], now=at(second + 1))


def changes(name):
    """`up 0-`, `down 60 after 0`: the state, from when, and until when the former one had been said."""
    rows = HealthChange.objects.filter(dependency__name=name).order_by("at")
    ends = [row.before_until and f" after {(row.before_until - T0).total_seconds():g}" for row in rows]
    return [f"{row.state} {(row.at - T0).total_seconds():g}{end or ''}" for row, end in zip(rows, ends, strict=True)]


def test_each_dependency_has_a_row_with_its_word_and_our_reading_of_it(monitor):
    tell(monitor, 0, {"db": "UP", "queue": {"status": "warn", "output": "9,000 waiting"}, "mail": False})
    rows = {row.name: row for row in HealthDependency.objects.all()}
    assert {name: (row.state, row.said, row.why) for name, row in rows.items()} == {
        "db": ("up", "UP", ""),
        "queue": ("degraded", "warn", "9,000 waiting"),
        "mail": ("down", "false", ""),
    }
    assert {(row.since, row.first_seen_at, row.last_seen_at) for row in rows.values()} == {(at(0), at(0), at(0))}
    assert changes("db") == ["up 0"]


def test_a_change_is_a_row_that_says_until_when_the_former_state_was_said(monitor):
    for second, word in ((0, "ok"), (60, "ok"), (120, "down"), (180, "down"), (240, "ok")):
        tell(monitor, second, {"db": word, "cache": "ok"})
    assert changes("db") == ["up 0", "down 120 after 60", "up 240 after 180"]
    assert changes("cache") == ["up 0"]
    assert HealthDependency.objects.get(name="db").since == at(240)
    assert HealthDependency.objects.get(name="cache").since == at(0)
    assert HealthReport.objects.get().seen_at == at(240)


def test_another_word_of_the_same_grade_is_a_change_and_another_number_in_a_reason_is_none(monitor):
    tell(monitor, 0, {"db": {"status": "degraded", "output": "took 120 ms"}})
    tell(monitor, 60, {"db": {"status": "degraded", "output": "took 134 ms"}})
    tell(monitor, 120, {"db": {"status": "warn", "output": "took 90 ms"}})
    tell(monitor, 180, {"db": {"status": "warn", "output": "no reply"}})
    assert changes("db") == ["degraded 0", "degraded 120 after 60"]
    assert HealthDependency.objects.get().why == "no reply"


def test_what_a_document_no_longer_speaks_of_is_unknown_and_not_up(monitor):
    tell(monitor, 0, {"db": "ok", "cache": "ok"})
    tell(monitor, 60, {"db": "ok"})
    tell(monitor, 120, {"db": "ok"})
    assert changes("cache") == ["up 0", "unknown 60 after 0"]
    gone = HealthDependency.objects.get(name="cache")
    assert (gone.state, gone.said, gone.last_seen_at) == ("unknown", "", at(0))
    tell(monitor, 180, {"db": "ok", "cache": "ok"})
    assert changes("cache")[-1] == "up 180 after 120"


def test_no_state_reaches_across_a_silence(monitor):
    tell(monitor, 0, {"db": "ok"})
    tell(monitor, 60)
    tell(monitor, 120, outcome=Outcome.FAILED)
    tell(monitor, 180, {"db": "ok"})
    assert changes("db") == ["up 0", "up 180 after 0"], "two intervals and a timeout are over"
    tell(monitor, 300, {"db": "ok"})
    assert len(changes("db")) == 2, "one check that brought no document is no silence"


def test_a_result_that_comes_twice_or_late_changes_nothing(monitor):
    tell(monitor, 60, {"db": "ok"})
    tell(monitor, 60, {"db": "ok"})
    tell(monitor, 0, {"db": "down"})
    told = read_document({"status": "ok", "checks": {"db": "down"}}).dependencies
    hand_over([finding(monitor, 120, told)], now=at(120 + 16 * 60))
    assert changes("db") == ["up 60"]
    assert Result.objects.count() == 3


def test_a_paused_monitor_is_told_nothing(monitor):
    tell(monitor, 0, {"db": "ok"})
    pause_monitor(monitor, now=at(30), reason="Test")
    tell(monitor, 60, {"db": "down"})
    assert changes("db") == ["up 0"]


def test_a_batch_is_taken_in_the_order_of_its_slots(monitor):
    told = [read_document({"checks": {"db": word}}).dependencies for word in ("down", "ok", "ok")]
    hand_over([finding(monitor, second, one) for second, one in zip((120, 60, 0), told, strict=True)], now=at(121))
    assert changes("db") == ["up 0", "down 120 after 60"]


def test_each_place_has_rows_of_its_own(monitor):
    near, far = (create_location(name=name, now=T0, reason="Test") for name in ("near", "far"))
    set_locations(monitor, [near, far], now=T0, reason="Test")
    tell(monitor, 60, {"db": "ok"}, place=near.pk)
    tell(monitor, 60, {"db": "down"}, place=far.pk)
    tell(monitor, 120, {"db": "ok"}, place=near.pk)
    rows = HealthDependency.objects.values_list("location__name", "state", "since")
    assert set(rows) == {("near", "up", at(60)), ("far", "down", at(60))}
    assert HealthChange.objects.count() == 2


def test_an_ordinary_document_costs_two_statements_and_other_checks_none(monitor, shop):
    tell(monitor, 0, {"db": "ok", "cache": "ok"})
    tell(monitor, 60, {"db": "ok", "cache": "ok"})
    with CaptureQueriesContext(connection) as plain:
        tell(monitor, 120)
    with CaptureQueriesContext(connection) as health_check:
        tell(monitor, 180, {"db": "ok", "cache": "ok"})
    assert len(health_check) - len(plain) == 2
    assert not any("monitors_health" in query["sql"] for query in plain)


def test_the_ledger_has_a_line_for_each_document_that_changed_something_and_no_foreign_word(monitor):
    tell(monitor, 0, {"inner-db": "fine-and-dandy", "cache": "ok"})
    tell(monitor, 60, {"inner-db": "fine-and-dandy", "cache": "ok"})
    entry = Entry.objects.get(kind="health.dependencies_changed")
    line = json.loads(entry.line)
    rows = {row.public_id: row.state for row in HealthChange.objects.all()}
    assert {public_id: state for public_id, state, _ in line["data"]["changes"]} == rows
    assert set(line["subjects"]) == {f"monitor:{monitor.public_id}", *(f"healthchange:{one}" for one in rows)}
    assert "inner-db" not in entry.line
    assert "dandy" not in entry.line


def test_names_beyond_the_bound_have_no_row_and_are_counted(monitor):
    tell(monitor, 0, {f"d{n:03}": "ok" for n in range(KEPT + 30)})
    assert HealthDependency.objects.count() == KEPT
    assert HealthReport.objects.get().left_out == 30
    tell(monitor, 60, {f"d{n:03}": "down" for n in reversed(range(KEPT + 30))})
    assert HealthDependency.objects.count() == KEPT, "those that have a row keep it"
    assert set(HealthDependency.objects.values_list("state", flat=True)) == {"down"}


def test_names_that_change_with_every_check_fill_no_more_than_a_day_allows(monitor, monkeypatch):
    monkeypatch.setattr(health_rows, "NEW_A_DAY", 5)
    for minute in range(10):
        tell(monitor, 60 * minute, {f"pod-{minute}": "ok", "db": "ok"})
    assert HealthDependency.objects.count() == 5
    assert HealthReport.objects.get().left_out == 1
    tell(monitor, 86_400 + 60, {"pod-new": "ok", "db": "ok"})
    assert HealthDependency.objects.filter(name="pod-new").exists()


def test_changes_beyond_an_hours_bound_are_counted_in_the_next_one_that_is_kept(monitor, monkeypatch):
    monkeypatch.setattr(health_rows, "CHANGES_AN_HOUR", 4)
    for minute in range(10):
        tell(monitor, 60 * minute, {"db": "down" if minute % 2 else "ok"})
    assert changes("db") == ["up 0", "down 60 after 0", "up 120 after 60", "down 180 after 120"]
    row = HealthDependency.objects.get()
    assert (row.state, row.since, row.left_out) == ("down", at(540), 6), "where it stands is never left out"
    tell(monitor, 3661, {"db": "ok"})
    newest = HealthChange.objects.order_by("-at").first()
    assert (newest.state, newest.before, newest.left_out) == ("up", "down", 6)
    assert HealthDependency.objects.get().left_out == 0


def test_many_monitors_with_news_are_stored_a_few_at_a_time(shop):
    many = [
        create_monitor(
            service=shop, name=f"H{n}", kind="health", target={"url": f"https://h{n}.example/"}, now=T0, reason="Test"
        )
        for n in range(23)
    ]
    told = read_document({"checks": {"db": "ok"}}).dependencies
    rests = []
    turned = hand_over([finding(one, 10, told) for one in many], now=at(11), rest=rests.append)
    assert (turned, len(rests)) == (23, 3)
    told = read_document({"checks": {"db": "warn"}}).dependencies
    turned = hand_over([finding(one, 70, told) for one in many], now=at(71), rest=rests.append)
    assert (turned, len(rests)) == (0, 6), "no state of a monitor changed"
    assert HealthDependency.objects.filter(state="degraded").count() == 23
    assert Result.objects.count() == 46
