"""A check in words and bars."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitors.probes.trace import Outcome, Trace
from monitors.tracewords import curve, hours_for, seen

NOON = datetime(2026, 3, 17, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Kept:
    planned_at: datetime
    outcome: str
    total_us: int


def test_a_good_answer_is_said_with_its_time_size_and_kind():
    trace = Trace(
        status=200, total_us=160_000, body_bytes=412, content_type="application/json; charset=utf-8", wait_us=84_000
    )
    told = seen(trace)
    assert (told.state, told.word, told.about) == ("up", "Answered 200", "in 160 ms, application/json, 412 bytes")
    assert told.said == "First byte 84 ms"


def test_a_wrong_status_is_said_once():
    trace = Trace(outcome=Outcome.FAILED, status=503, sentence="Answered 503, expected 200-299.")
    assert (seen(trace).word, seen(trace).about) == ("Answered 503", "expected 200-299.")


def test_what_was_not_called_has_no_bars():
    trace = Trace(outcome=Outcome.BLOCKED, sentence="10.0.0.1 is not on the public internet.", dns_us=5)
    assert (seen(trace).state, seen(trace).bars) == ("unknown", [])


def test_the_longest_phase_of_a_failure_stands_out():
    trace = Trace(outcome=Outcome.FAILED, dns_us=9000, connect_us=21_000, wait_us=5_004_000, transfer_us=1000)
    assert [bar[3] for bar in seen(trace).bars] == ["k-ink-3", "k-ink-3", "k-down", "k-ink-3"]


def test_a_gap_stays_a_gap_and_failures_are_a_band():
    rows = [Kept(NOON - timedelta(minutes=m), "ok", 100_000 + m) for m in range(31, 60)]
    rows += [Kept(NOON - timedelta(minutes=m), "failed", 5_000_000) for m in range(1, 10)]
    told = curve(
        rows, end=NOON, hours=1, buckets=6, unwatched=[(NOON - timedelta(minutes=25), NOON - timedelta(minutes=20))]
    )
    assert [value is None for value in told.median] == [False, False, False, True, True, True]
    assert told.failed == [0, 0, 0, 0, 0, 9]
    assert [(band[2], round(band[0])) for band in told.bands] == [("unwatched", 58), ("failing", 83)]
    assert told.good == 29


def test_no_chart_reads_more_than_six_thousand_checks_nor_more_than_there_is():
    day = timedelta(days=30)
    assert hours_for(60, day) == 24
    assert hours_for(1, day) == 1
    assert hours_for(60, timedelta(minutes=10)) == 1
    assert hours_for(60, timedelta(hours=3)) == 6
