"""The hand-over: what a batch of results leaves in results, states, intervals, signals and ledger."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ledger.models import Entry
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.engine.plans import as_milliseconds
from monitors.engine.ticks import sweep
from monitors.models import MonitorState, ProbePlan, ProbeSlot, Result, Signal, StateInterval
from monitors.probes.trace import Outcome, Trace
from monitors.queries import monitor_state
from monitors.services import change_monitor, pause_monitor, retire_monitor
from monitors.states import State
from tests import builders

pytestmark = pytest.mark.django_db

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


@pytest.fixture
def monitor(shop):
    return builders.monitor(service=shop, now=T0, interval_s=60, confirmation_s=60, recovery_s=60)


def finding(monitor, second, outcome=Outcome.OK, *, retry=False, **trace):
    place = ProbeSlot.objects.get(monitor=monitor).location_id
    words = {"sentence": "Answered 503, expected 200-299.", "code": "status", "status": 503}
    seen = Trace(
        outcome=outcome, total_us=1000, **{**(words if outcome is Outcome.FAILED else {"status": 200}), **trace}
    )
    return Finding(monitor.pk, monitor.version, place, at(second), retry, 500, seen)


def deliver(monitor, *seconds, outcome=Outcome.OK, **trace):
    """Results at these seconds, handed over one by one, each 1 s after its slot."""
    for second in seconds:
        hand_over([finding(monitor, second, outcome, **trace)], now=at(second + 1))


def tiles(monitor):
    """`up 0-60`: the intervals in order; the open one ends with nothing."""
    rows = StateInterval.objects.filter(monitor=monitor).order_by("started_at")
    ends = [(row, row.ended_at and f"{(row.ended_at - T0).total_seconds():g}") for row in rows]
    return [f"{row.state} {(row.started_at - T0).total_seconds():g}-{end or ''}" for row, end in ends]


def test_a_good_result_is_up_from_its_slot_and_speaks_for_one_interval(monitor):
    deliver(monitor, 10)
    assert tiles(monitor) == ["unknown 0-10", "up 10-"]
    row = StateInterval.objects.get(ended_at__isnull=True)
    assert (row.covered_until, row.recorded_at) == (at(70), at(11))
    assert Result.objects.get().total_us == 1000


def test_a_quiet_result_moves_nothing_but_how_far_the_interval_is_covered(monitor):
    deliver(monitor, 10, 70, 130)
    assert tiles(monitor) == ["unknown 0-10", "up 10-"]
    assert StateInterval.objects.get(ended_at__isnull=True).covered_until == at(190)
    assert Entry.objects.filter(kind="monitor.state_changed").count() == 1
    assert not Signal.objects.exists()


def test_a_confirmed_failure_is_dated_back_and_signalled(monitor):
    deliver(monitor, 0, 60)
    deliver(monitor, 120, 180, outcome=Outcome.FAILED)
    assert tiles(monitor) == ["up 0-120", "down 120-"]
    down = StateInterval.objects.get(state="down")
    assert (down.onset_earliest_at, down.first_result_at, down.last_result_at) == (at(60), at(120), at(180))
    assert (down.cause, down.detail) == ("status", "Answered 503, expected 200-299.")
    signal = Signal.objects.get()
    assert (signal.opens, signal.condition, signal.severity, signal.urgency) == (True, "down", 2, "high")
    assert (signal.effective_at, signal.recorded_at, signal.rule_version) == (at(120), at(181), 1)
    assert signal.reason == "Failing for 60 s: Answered 503, expected 200-299."
    assert signal.interval == down


def test_the_ledger_has_the_change_and_no_free_text(monitor):
    deliver(monitor, 0)
    deliver(monitor, 60, 120, outcome=Outcome.FAILED, sentence="something with a s3cret")
    entry = Entry.objects.filter(kind="monitor.state_changed").order_by("-id")[0]
    line = json.loads(entry.line)
    data = line["data"]
    assert (data["from"], data["to"], data["status"], data["cause"]) == ("up", "down", 503, "status")
    assert data["effective_at"] == "2026-03-17T03:01:00.000Z"
    assert data["signal"] == Signal.objects.get().public_id
    assert f"monitor:{monitor.public_id}" in line["subjects"]
    assert "s3cret" not in entry.line


def test_a_blip_is_kept_as_a_result_and_changes_no_state(monitor):
    deliver(monitor, 0)
    deliver(monitor, 60, outcome=Outcome.FAILED)
    assert monitor_state(monitor, at(62)).verifying
    deliver(monitor, 80)
    assert tiles(monitor) == ["up 0-"]
    assert not monitor_state(monitor, at(82)).verifying
    assert Result.objects.filter(outcome="failed").count() == 1


def test_recovery_closes_what_was_opened(monitor):
    deliver(monitor, 60, 120, outcome=Outcome.FAILED)
    deliver(monitor, 180, 240)
    assert tiles(monitor) == ["unknown 0-60", "down 60-180", "up 180-"]
    assert [(s.opens, s.effective_at, s.reason) for s in Signal.objects.order_by("id")] == [
        (True, at(60), "Failing for 60 s: Answered 503, expected 200-299."),
        (False, at(180), "Good again for 60 s."),
    ]


def test_an_unconfirmed_failure_is_looked_at_again_soon(monitor):
    ProbeSlot.objects.update(next_due_at=at(120), extra=False)
    deliver(monitor, 60, outcome=Outcome.FAILED)
    slot = ProbeSlot.objects.get()
    assert (slot.next_due_at, slot.extra) == (at(80), True)
    deliver(monitor, 120, outcome=Outcome.FAILED)
    ProbeSlot.objects.update(next_due_at=at(180), extra=False)
    deliver(monitor, 180, outcome=Outcome.FAILED)
    assert ProbeSlot.objects.get().next_due_at == at(180)


def test_a_timetable_that_is_soon_enough_is_left_alone(shop):
    often = builders.monitor("Often", service=shop, now=T0, interval_s=5, confirmation_s=60)
    ProbeSlot.objects.update(next_due_at=at(15), extra=False)
    deliver(often, 10, outcome=Outcome.FAILED)
    assert ProbeSlot.objects.get(monitor=often).extra is False


def test_results_delivered_twice_are_stored_and_judged_once(monitor):
    batch = [finding(monitor, 60, Outcome.FAILED), finding(monitor, 120, Outcome.FAILED)]
    for _ in range(3):
        hand_over(batch, now=at(121))
    assert Result.objects.count() == 2
    assert Signal.objects.count() == 1
    assert tiles(monitor) == ["unknown 0-60", "down 60-"]


def test_the_first_of_two_different_results_of_one_slot_stands(monitor):
    hand_over([finding(monitor, 60)], now=at(61))
    hand_over([finding(monitor, 60, Outcome.FAILED)], now=at(62))
    assert Result.objects.get().outcome == "ok"


def test_one_slot_twice_in_one_batch_is_what_was_measured(monitor):
    lost, seen = finding(monitor, 60, Outcome.MISSED, code="lost"), finding(monitor, 60)
    for batch in ([lost, seen], [seen, lost]):
        Result.objects.all().delete()
        hand_over(batch, now=at(61))
        assert Result.objects.get().outcome == "ok"


def test_a_batch_larger_than_a_statement_is_stored_whole(monitor):
    hand_over([finding(monitor, second) for second in range(600)], now=at(600))
    assert Result.objects.count() == 600
    row = StateInterval.objects.get(ended_at__isnull=True)
    assert (row.state, row.covered_until) == (State.UP, at(659))


def test_a_slot_recorded_as_missed_takes_the_result_that_was_only_slow(monitor):
    hand_over([finding(monitor, 60, Outcome.MISSED, code="lost")], now=at(100))
    hand_over([finding(monitor, 60)], now=at(110))
    hand_over([finding(monitor, 60, Outcome.MISSED, code="lost")], now=at(120))
    result = Result.objects.get()
    assert (result.outcome, result.recorded_at) == ("ok", at(110))


def test_silence_becomes_unknown_where_the_last_result_ended(monitor):
    deliver(monitor, 0)
    assert monitor_state(monitor, at(130)).state is State.UP
    standing = monitor_state(monitor, at(131))
    assert (standing.state, standing.since, standing.cause) == (State.UNKNOWN, at(60), "no_result")
    sweep(at(131))
    assert tiles(monitor) == ["up 0-"]
    sweep(at(140))
    assert tiles(monitor) == ["up 0-60", "unknown 60-"]
    assert sweep(at(141)) == 0


def test_a_result_on_its_way_is_no_silence(monitor):
    deliver(monitor, 0)
    place = ProbeSlot.objects.get().location
    slots = {str(monitor.pk): [[as_milliseconds(at(60)), 0]]}
    ProbePlan.objects.create(location=place, slots=slots, slot_count=1, created_at=at(55), lost_after=at(300))
    assert sweep(at(290)) == 0
    assert tiles(monitor) == ["up 0-"]
    assert sweep(at(301)) == 2
    assert tiles(monitor) == ["up 0-60", "unknown 60-"]


def test_a_result_on_its_way_that_would_come_too_late_does_not_count(monitor):
    deliver(monitor, 0)
    place = ProbeSlot.objects.get().location
    slots = {str(monitor.pk): [[as_milliseconds(at(240)), 0]]}
    ProbePlan.objects.create(location=place, slots=slots, slot_count=1, created_at=at(235), lost_after=at(300))
    assert sweep(at(250)) == 1


@pytest.mark.parametrize(
    ("seen", "cause"), [(Outcome.BLOCKED, "address_refused"), (Outcome.MISSED, "probe_lost"), (Outcome.OK, "no_result")]
)
def test_unknown_says_why(monitor, seen, cause):
    ProbeSlot.objects.update(next_due_at=at(600), extra=False)
    deliver(monitor, 0)
    if seen is not Outcome.OK:
        deliver(monitor, 60, 120, outcome=seen, code="blocked", sentence="no", status=0)
    sweep(at(200))
    assert StateInterval.objects.get(ended_at__isnull=True).cause == cause


def test_unknown_says_that_the_engine_was_stopped(monitor):
    deliver(monitor, 0)
    ProbeSlot.objects.update(next_due_at=at(60), extra=False)
    sweep(at(600))
    assert StateInterval.objects.get(ended_at__isnull=True).cause == "engine_stopped"


def test_a_result_after_a_gap_admits_the_gap_before_any_sweep(monitor):
    deliver(monitor, 0)
    ProbeSlot.objects.update(next_due_at=at(700), skipped_at=at(599), extra=False)
    deliver(monitor, 600)
    assert tiles(monitor) == ["up 0-60", "unknown 60-600", "up 600-"]
    assert StateInterval.objects.get(state="unknown").cause == "engine_stopped"


def test_an_outage_that_goes_on_after_a_gap_is_the_same_alarm(monitor):
    deliver(monitor, 0, 60, outcome=Outcome.FAILED)
    deliver(monitor, 600, 660, outcome=Outcome.FAILED)
    assert tiles(monitor) == ["down 0-120", "unknown 120-600", "down 600-"]
    assert Signal.objects.count() == 1


def test_a_blocked_check_is_no_failure(monitor):
    deliver(monitor, 0)
    deliver(monitor, 60, 120, 180, outcome=Outcome.BLOCKED, code="blocked", sentence="metadata", status=0)
    assert not Signal.objects.exists()
    assert monitor_state(monitor, at(181)).detail == "metadata"


def test_a_paused_monitor_keeps_results_and_its_state(monitor):
    deliver(monitor, 0)
    pause_monitor(monitor, now=at(30), reason="deploy")
    deliver(monitor, 60, 120, outcome=Outcome.FAILED)
    assert tiles(monitor) == ["up 0-30", "paused 30-"]
    assert Result.objects.count() == 3


def test_a_retired_monitor_that_was_down_closes_its_alarm(monitor):
    deliver(monitor, 0, 60, outcome=Outcome.FAILED)
    retire_monitor(monitor, now=at(90), reason="gone")
    closing = Signal.objects.order_by("-id")[0]
    assert (closing.opens, closing.reason) == (False, "The monitor was retired.")
    deliver(monitor, 120, outcome=Outcome.FAILED)
    assert tiles(monitor) == ["down 0-90"]


def test_new_terms_hold_from_now_on(monitor):
    deliver(monitor, 0)
    deliver(monitor, 60, outcome=Outcome.FAILED)
    change_monitor(monitor, {"confirmation_s": 0, "severity": 1}, now=at(70), reason="stricter")
    assert tiles(monitor) == ["up 0-"]
    deliver(monitor, 120, outcome=Outcome.FAILED)
    signal = Signal.objects.get()
    assert (signal.severity, signal.rule_version, signal.effective_at) == (1, 2, at(60))


def test_many_monitors_go_through_one_hand_over(shop, django_assert_max_num_queries):
    made = [builders.monitor(f"Monitor {n}", service=shop, now=T0) for n in range(40)]
    hand_over([finding(one, 10) for one in made], now=at(11))
    batch = [finding(one, 70) for one in made]
    with django_assert_max_num_queries(10):
        hand_over(batch, now=at(71))
    assert Result.objects.count() == 80
    assert set(MonitorState.objects.values_list("state", "last_at")) == {("up", at(70))}
