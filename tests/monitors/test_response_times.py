"""Response times: percentiles that can be checked, rules tried on the past, and what the engine makes of them live."""

import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.conditions import BURN, NOT_REPORTING, SLOW
from monitors.engine import thresholding
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.engine.thresholding import watch_budgets, watch_response_times
from monitors.latency import (
    BIN_ERROR,
    bin_of,
    binned,
    middle_of,
    nearest_rank,
    of_histogram,
    summarise,
)
from monitors.models import ConditionState, MonitorState, ProbeSlot, Rule, Signal, StateInterval
from monitors.probes.trace import Outcome, Trace
from monitors.response_times import preview, summary_of
from monitors.services import pause_monitor
from monitors.services.rules import change_loudness, read_slow_terms, retire_slow_rule, set_slow_rule
from tests import builders

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SLOW_TERMS = {"operator": ">", "value": 800, "unit": "ms", "for_s": 120, "recovery_for_s": 60}


# --- percentiles ----------------------------------------------------------------------------------


def test_a_percentile_is_a_value_that_was_measured():
    assert nearest_rank([10, 20, 30, 40], Fraction(1, 2)) == 20
    assert nearest_rank([10, 20, 30, 40], Fraction(95, 100)) == 40
    assert nearest_rank([], Fraction(1, 2)) is None


def test_checks_that_timed_out_are_no_fast_answers():
    told = summarise([100_000] * 94, failed=0, timeouts=6, timeout_us=10_000_000)
    assert [told.percentiles[name].text for name in ("p50", "p90", "p95", "p99")] == [
        "100.0", "100.0", ">=10000.0", ">=10000.0",
    ]  # fmt: skip
    assert told.slowest.text == ">=10000.0"
    assert (told.ok, told.failed, told.timeouts) == (94, 0, 6)


def test_without_any_check_there_is_no_percentile():
    told = summarise([], failed=3, timeouts=0, timeout_us=1)
    assert {one.text for one in told.percentiles.values()} == {""}


def test_the_share_beyond_a_threshold_counts_failures_as_not_answered():
    told = summarise([100_000] * 6 + [900_000] * 2, failed=1, timeouts=1, timeout_us=10_000_000, threshold_us=800_000)
    assert told.over_ratio == Fraction(4, 10)


@given(st.lists(st.integers(1, 60_000_000), min_size=1, max_size=200), st.integers(0, 20))
def test_a_histogram_is_never_more_than_one_percent_off(values, timeouts):
    exact = summarise(values, failed=0, timeouts=timeouts, timeout_us=70_000_000)
    rough = of_histogram(binned(values), failed=0, timeouts=timeouts, timeout_us=70_000_000, slowest_us=max(values))
    for name, one in exact.percentiles.items():
        other = rough.percentiles[name]
        assert one.censored == other.censored
        assert abs(other.us - one.us) <= max(BIN_ERROR * one.us, 1)


@given(st.integers(1, 10**9))
def test_every_length_is_within_a_percent_of_the_middle_of_its_bin(us):
    assert abs(middle_of(bin_of(us)) - us) <= max(BIN_ERROR * us, 1)


# --- stored samples -------------------------------------------------------------------------------


@pytest.fixture
def shop(db):
    builders.organisation(now=T0)
    thresholding._running.clear()
    monitor = builders.monitor(service=builders.service(now=T0), now=T0)
    return monitor


def answered(monitor, minute, ms, *, retry=False):
    """One check: how many milliseconds it took; `inf` for one that timed out, None for another failure."""
    place = ProbeSlot.objects.get(monitor=monitor).location_id
    at = T0 + minute * MINUTE
    if ms is None:
        trace = Trace(outcome=Outcome.FAILED, code="status", sentence="502")
    elif ms == math.inf:
        trace = Trace(outcome=Outcome.FAILED, code="timeout", sentence="No answer in time.", total_us=10_000_000)
    else:
        trace = Trace(outcome=Outcome.OK, total_us=int(ms * 1000))
    hand_over([Finding(monitor.pk, 1, place, at, retry, 0, trace)], now=at + timedelta(seconds=1))


def at(minute):
    return T0 + minute * MINUTE + timedelta(seconds=2)


def test_a_summary_counts_what_is_stored_and_leaves_retries_out(shop):
    for minute, ms in enumerate([100, 200, 300, None, math.inf, 400]):
        answered(shop, minute, ms)
    answered(shop, 7, 9_000, retry=True)
    told = summary_of(shop, T0, T0 + timedelta(hours=1), threshold_us=250_000)
    assert (told.ok, told.failed, told.timeouts, told.method) == (4, 1, 1, "exact")
    assert told.percentiles["p50"].text == "300.0"
    assert told.over_ratio == Fraction(4, 6)


def test_a_rule_is_tried_on_the_past_before_it_is_saved(shop):
    for minute, ms in enumerate([100, 900, 900, 900, 900, 100, 100, 100]):
        answered(shop, minute, ms)
    tried = preview(shop, read_slow_terms(SLOW_TERMS), now=at(8))
    assert (tried.count, tried.lasted, tried.checks) == (1, 3 * MINUTE, 8)
    assert Rule.objects.filter(condition=SLOW).count() == 0


def test_slow_answers_open_an_alert_that_ends_when_they_are_fast_again(shop):
    set_slow_rule(shop, SLOW_TERMS, now=T0, reason="Test")
    lived = []
    for minute, ms in enumerate([100, 900, 900, 900, 900, 100, 100, 100]):
        answered(shop, minute, ms)
        watch_response_times(at(minute))
        lived.append(ConditionState.objects.filter(rule__condition=SLOW, is_open=True).exists())
    assert lived == [False, False, False, True, True, True, False, False]
    opened, closed = Signal.objects.filter(condition=SLOW).order_by("id")
    assert (opened.opens, closed.opens) == (True, False)
    assert opened.effective_at == T0 + MINUTE
    assert opened.reason == "Answers are slow: the newest took 900 ms, the limit is 800 ms."
    assert (opened.severity, opened.urgency) == (3, "low")
    assert MonitorState.objects.get(pk=shop.pk).state == "up"


def test_live_and_preview_agree_on_the_same_checks(shop):
    values = [100, 900, 900, 900, math.inf, 100, 100, 900, 900, 100, 900, 900, 900, 100, 100, 100]
    rule = set_slow_rule(shop, SLOW_TERMS, now=T0, reason="Test")
    for minute, ms in enumerate(values):
        answered(shop, minute, ms)
        watch_response_times(at(minute))
    tried = preview(shop, read_slow_terms(rule.terms), now=at(len(values)))
    assert tried.count == Signal.objects.filter(condition=SLOW, opens=True).count() == 2


def test_a_warning_is_milder_and_the_alert_is_told_anew(shop):
    set_slow_rule(
        shop, {"operator": ">", "value": 800, "unit": "ms", "warn": 500}, now=T0, reason="Test", severity=2, urgency="high"
    )  # fmt: skip
    for minute, ms in enumerate([600, 900, 600, 100]):
        answered(shop, minute, ms)
        watch_response_times(at(minute))
    told = [(one.opens, one.severity, one.urgency) for one in Signal.objects.filter(condition=SLOW).order_by("id")]
    assert told == [(True, 3, "low"), (False, 3, "low"), (True, 2, "high"), (False, 2, "high")]


def test_silence_ends_no_alert_and_is_told_where_the_terms_ask_for_it(shop):
    set_slow_rule(shop, {"operator": ">", "value": 800, "unit": "ms", "missing": "unknown"}, now=T0, reason="Test")
    answered(shop, 0, 900)
    watch_response_times(at(0))
    watch_response_times(at(60))
    held = set(ConditionState.objects.filter(is_open=True).values_list("rule__condition", flat=True))
    assert held == {SLOW, NOT_REPORTING}
    answered(shop, 61, 100)
    watch_response_times(at(61))
    assert not ConditionState.objects.filter(is_open=True).exists()


def test_our_own_stop_is_no_silence_of_a_monitor(shop):
    set_slow_rule(shop, {"operator": ">", "value": 800, "unit": "ms", "missing": "breach"}, now=T0, reason="Test")
    answered(shop, 0, 100)
    watch_response_times(at(0))
    thresholding._running.clear()
    watch_response_times(at(600))
    assert not ConditionState.objects.filter(is_open=True).exists()


def test_a_paused_monitor_and_a_retired_rule_are_not_judged(shop):
    rule = set_slow_rule(shop, {"operator": ">", "value": 800, "unit": "ms"}, now=T0, reason="Test")
    answered(shop, 0, 900)
    watch_response_times(at(0))
    retire_slow_rule(rule, now=at(1), reason="Not wanted")
    assert [one.opens for one in Signal.objects.filter(condition=SLOW).order_by("id")] == [True, False]
    set_slow_rule(shop, {"operator": ">", "value": 800, "unit": "ms"}, now=at(1), reason="Wanted")
    pause_monitor(shop, now=at(1), reason="Test")
    answered(shop, 2, 900)
    assert watch_response_times(at(2)) == 0


# --- error budgets --------------------------------------------------------------------------------


def down_since(monitor, minutes):
    """Up for ten days, then down for so many minutes up to T0."""
    began, fell = T0 - timedelta(days=10), T0 - minutes * MINUTE
    StateInterval.objects.filter(monitor=monitor).update(state="down" if minutes else "up", started_at=fell)
    StateInterval.objects.create(monitor=monitor, state="up", started_at=began, ended_at=fell, recorded_at=began)


def life(monitor, **terms):
    monitor.service.created_at = T0 - timedelta(days=10)
    monitor.service.save(now=T0, reason="Test")
    builders.sla(monitor.service, now=T0 - timedelta(days=10), **terms)


def test_two_minutes_of_outage_burn_a_budget_and_one_does_not(shop):
    life(shop)
    down_since(shop, 1)
    assert watch_budgets(T0) == 0
    assert watch_budgets(T0 + MINUTE) == 1
    signal = Signal.objects.get(condition=BURN)
    assert (signal.severity, signal.urgency) == (2, "high")
    assert signal.reason == (
        "Checkout, Standard plan (99.9 %): the error budget was spent 33.3 times too fast over the last 1 h."
    )
    assert watch_budgets(T0 + 2 * MINUTE) == 0


@pytest.mark.parametrize(("allowance_s", "told"), [(3600, 0), (0, 1)], ids=["excluded", "nothing agreed"])
def test_planned_work_that_qualifies_spends_no_budget(shop, allowance_s, told):
    life(shop, maintenance_allowance_s=allowance_s)
    down_since(shop, 5)
    mara, noor = builders.person("Mara", "manager"), builders.person("Noor", "manager")
    builders.window(
        shop.service, by=mara, approved_by=noor, now=T0 - timedelta(days=1), starts_in=timedelta(days=1) - 10 * MINUTE
    )
    assert watch_budgets(T0) == told


def test_a_burn_is_over_soon_after_the_outage(shop):
    life(shop)
    down_since(shop, 5)
    watch_budgets(T0)
    StateInterval.objects.filter(monitor=shop, ended_at=None).update(ended_at=T0)
    StateInterval.objects.create(monitor=shop, state="up", started_at=T0, recorded_at=T0)
    assert watch_budgets(T0 + 4 * MINUTE) == 0
    later = [watch_budgets(T0 + timedelta(minutes=minutes)) for minutes in (6, 32, 365)]
    assert sum(later) >= 1
    assert not ConditionState.objects.filter(is_open=True).exists()


def test_while_nobody_watches_a_burn_stays_as_it_was_told(shop):
    life(shop)
    down_since(shop, 5)
    watch_budgets(T0)
    StateInterval.objects.filter(monitor=shop, ended_at=None).update(ended_at=T0)
    StateInterval.objects.create(monitor=shop, state="unknown", started_at=T0, recorded_at=T0)
    for minutes in (1, 30, 300):
        assert watch_budgets(T0 + timedelta(minutes=minutes)) == 0
    assert ConditionState.objects.get().is_open


def test_how_loud_a_burn_is_can_be_said(shop):
    life(shop)
    down_since(shop, 5)
    watch_budgets(T0)
    rule = Rule.objects.get(condition=BURN)
    change_loudness(rule, severity=1, now=T0, reason="They pay for it")
    assert Rule.objects.get(pk=rule.pk).severity == 1
    assert rule.history.count() == 2
