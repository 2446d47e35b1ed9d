"""The engine against real sites: claim, plan, probe, hand-over, and what is left when a part of it is lost."""

import itertools
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import OperationalError

from ledger import clock
from monitors.engine import dispatch as dispatching
from monitors.engine import runner
from monitors.engine.findings import Job
from monitors.engine.plans import take
from monitors.engine.prober import Prober
from monitors.engine.ticks import claim, sweep
from monitors.models import ProbePlan, ProbeSlot, Result, Signal, StateInterval
from monitors.queries import monitor_state
from monitors.services import change_monitor, pause_monitor
from monitors.slots import EPOCH, MS
from monitors.states import State
from tests import builders
from tests.monitors.conftest import LOOPBACK, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loopback")]


@pytest.fixture
def shop(db):
    return builders.service("Shop", now=clock.now())


@pytest.fixture
def watch(shop, site):
    """Make a monitor of the site that is due at once, and by its timetable not for half an interval after."""

    def make(name="Site", *, path="/", now=None, **numbers):
        now = now or clock.now()
        made = builders.monitor(name, service=shop, url=f"{site.url}{path}", now=now, **numbers)
        keep_timetable_away(made, now)
        return made

    return make


def keep_timetable_away(monitor, now):
    """Its phase comes from its random id: without this, now and then a slot of the timetable falls into the test."""
    interval_ms = monitor.interval_s * 1000
    phase = ((now - EPOCH) // MS + interval_ms // 2) % interval_ms
    ProbeSlot.objects.filter(monitor=monitor).update(phase_ms=phase)


def results(monitor):
    return list(Result.objects.filter(monitor=monitor).order_by("planned_at"))


def test_a_new_monitor_has_its_first_result_at_once(engine, watch, site):
    monitor = watch()
    assert claim(clock.now()) == 1
    settle()
    (first,) = results(monitor)
    assert (first.outcome, first.status, first.retry, first.monitor_version) == ("ok", 200, True, 1)
    assert first.total_us > 0
    assert 0 <= first.lag_us < 1_000_000
    assert monitor_state(monitor, clock.now()).state is State.UP
    assert not ProbePlan.objects.exists()
    assert len(site.seen) == 1


def test_slots_start_at_their_planned_instants(engine, watch):
    monitor = watch(interval_s=1)
    planned = claim(clock.now())
    settle(15)
    kept = results(monitor)
    assert len(kept) == planned >= 3
    gaps = {b.planned_at - a.planned_at for a, b in itertools.pairwise(kept[1:])}
    assert gaps == {timedelta(seconds=1)}
    assert max(result.lag_us for result in kept) < 1_000_000


def test_ticks_at_once_plan_each_slot_once(engine, watch):
    watch(interval_s=1)
    now = clock.now()
    first = claim(now)
    assert first
    assert claim(now) == 0
    assert ProbePlan.objects.count() == 1


def test_large_plans_are_cut(monkeypatch, settings, watch):
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: None)
    settings.PLAN_SLOTS = 10
    for number in range(7):
        watch(f"Site {number}", interval_s=1)
    planned = claim(clock.now())
    plans = list(ProbePlan.objects.all())
    assert sum(plan.slot_count for plan in plans) == planned
    assert all(plan.slot_count <= 10 for plan in plans)
    assert sorted(int(pk) for plan in plans for pk in plan.slots) == sorted(
        ProbeSlot.objects.values_list("monitor_id", flat=True)
    )


def test_a_plan_delivered_twice_runs_once(monkeypatch, watch, site):
    sent = []
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: sent.append(plan))
    monitor = watch()
    claim(clock.now())
    assert [runner.run_plan(sent[0], now=clock.now()) for _ in range(3)] == [True, False, False]
    settle()
    runner.stop()
    assert len(results(monitor)) == len(site.seen) == 1


def test_the_change_of_a_monitor_holds_for_the_next_plan(engine, watch, site):
    monitor = watch()
    claim(clock.now())
    settle()
    change_monitor(monitor, {"target": {"url": f"{site.url}/other", "method": "HEAD"}}, now=clock.now(), reason="Test")
    keep_timetable_away(monitor, clock.now())  # a change puts it back on the timetable of its id
    claim(clock.now())
    settle()
    assert [(method, path) for method, path, _, _ in site.seen] == [("GET", "/"), ("HEAD", "/other")]
    assert [result.monitor_version for result in results(monitor)] == [1, 2]


def test_a_monitor_paused_after_planning_is_not_called(monkeypatch, watch, site):
    sent = []
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: sent.append(plan))
    monitor = watch()
    claim(clock.now())
    pause_monitor(monitor, now=clock.now(), reason="Test")
    runner.run_plan(sent[0], now=clock.now())
    settle()
    runner.stop()
    assert site.seen == []
    assert not ProbePlan.objects.exists()


def test_a_site_that_fails_is_down_when_that_is_confirmed_and_up_again_after(engine, watch, site):
    monitor = watch(interval_s=1, confirmation_s=1, recovery_s=1)

    def tick_until(state, seconds=15):
        end = time.monotonic() + seconds
        while monitor_state(monitor, clock.now()).state is not state:
            assert time.monotonic() < end, f"never {state}"
            claim(clock.now())
            time.sleep(0.1)

    tick_until(State.UP)
    site.status = 503
    tick_until(State.DOWN)
    site.status = 200
    tick_until(State.UP)
    assert [(s.opens, s.reason) for s in Signal.objects.order_by("id")] == [
        (True, "Failing for 1 s: Answered 503, expected 200-299."),
        (False, "Good again for 1 s."),
    ]
    tiles = list(StateInterval.objects.filter(monitor=monitor).order_by("started_at"))
    assert [tile.state for tile in tiles] == ["unknown", "up", "down", "up"]
    assert all(one.ended_at == following.started_at for one, following in itertools.pairwise(tiles))


def test_an_unconfirmed_failure_is_checked_again_before_its_turn(engine, watch, site):
    site.status = 503
    monitor = watch(interval_s=3600, confirmation_s=15)
    claim(clock.now())
    settle()
    (first,) = results(monitor)
    slot = ProbeSlot.objects.get()
    assert slot.extra
    assert slot.next_due_at == first.planned_at + timedelta(seconds=5)


def test_a_slow_site_holds_up_nobody(engine, watch, site):
    slow = watch("Slow", path="/trickle", timeout_s=2)
    quick = watch("Quick")
    claim(clock.now())
    end = time.monotonic() + 1.5
    while not results(quick):
        assert time.monotonic() < end, "the quick site waited for the slow one"
        time.sleep(0.02)
    settle()
    assert results(slow)[0].code == "timeout"


def test_the_slots_of_a_lost_plan_are_missed_and_the_state_becomes_unknown(monkeypatch, watch):
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: None)
    start = clock.now()
    monitor = watch(now=start, timeout_s=5)
    claim(start)
    plan = ProbePlan.objects.get()
    assert sweep(plan.lost_after) == 0
    assert sweep(plan.lost_after + timedelta(seconds=1)) == 1
    assert [(result.outcome, result.code) for result in results(monitor)] == [("missed", "lost")]
    assert not ProbePlan.objects.exists()
    assert monitor_state(monitor, clock.now()).state is State.UNKNOWN


def test_a_plan_past_its_time_is_not_run(monkeypatch, watch, site):
    sent = []
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: sent.append(plan))
    watch()
    claim(clock.now())
    assert runner.run_plan(sent[0], now=ProbePlan.objects.get().lost_after) is False
    assert site.seen == []


def test_after_a_stop_it_goes_on_at_the_next_future_slot(engine, watch):
    start = clock.now()
    monitor = watch(now=start - timedelta(hours=3), interval_s=60)
    ProbeSlot.objects.update(extra=False)
    assert claim(start) <= 1
    slot = ProbeSlot.objects.get(monitor=monitor)
    assert start <= slot.next_due_at <= start + timedelta(seconds=68)
    assert slot.skipped_at == start


def test_without_a_broker_a_plan_is_run_where_it_was_made(monkeypatch, watch):
    asked = []

    def refuse(*args, **kwargs):
        asked.append(args)
        raise ConnectionError("no broker")

    monkeypatch.setattr(dispatching.current_app, "send_task", refuse)
    monkeypatch.setattr(dispatching, "_broker_rests_until", 0.0)
    monitor, second = watch(), watch("Second")
    ProbeSlot.objects.filter(monitor=second).update(next_due_at=None)
    claim(clock.now())
    settle()
    assert [result.outcome for result in results(monitor)] == ["ok"]
    ProbeSlot.objects.filter(monitor=second).update(next_due_at=clock.now())
    claim(clock.now())
    settle()
    runner.stop()
    assert [result.outcome for result in results(second)] == ["ok"]
    assert len(asked) == 1, "a broker that is away is not asked for each plan"


def test_the_plan_of_another_place_is_not_run_here(monkeypatch, watch, site):
    monkeypatch.setattr(dispatching.current_app, "send_task", lambda *args, **kwargs: 1 / 0)
    monkeypatch.setattr(dispatching, "_broker_rests_until", 0.0)
    watch()
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: None)
    claim(clock.now())
    dispatching.dispatch(ProbePlan.objects.get().pk, "frankfurt")
    assert ProbePlan.objects.get().claimed_at is None
    assert site.seen == []


def test_a_request_that_cannot_be_made_ends_no_other_check(engine, watch, monkeypatch):
    odd, good = watch("Odd", path="/odd"), watch("Good")
    real = runner.Prober._start

    def start(self, place, rules, lag_us):
        if place.slot.monitor_id == odd.pk:
            rules = None
        real(self, place, rules, lag_us)

    monkeypatch.setattr(runner.Prober, "_start", start)
    monkeypatch.setattr("monitors.probes.http.guarded_opener", lambda rules, refused: rules.allowed and None)
    claim(clock.now())
    settle()
    assert results(odd)[0].outcome in ("blocked", "failed")
    assert results(good)


def test_a_prober_that_died_is_replaced(engine, watch, monkeypatch):
    first = runner.prober()
    monkeypatch.setattr(first, "_start_due", lambda: 1 / 0)
    first._loop.wake()
    first._thread.join(5)
    monitor = watch()
    claim(clock.now())
    settle()
    assert runner.prober() is not first
    assert [result.outcome for result in results(monitor)] == ["ok"]


def test_a_forked_child_makes_a_prober_of_its_own(engine, monkeypatch):
    first = runner.prober()
    monkeypatch.setattr(runner, "_owner", -1)
    second = runner.prober()
    assert second is not first
    first.stop()


class TestProber:
    """The prober by itself: `store` is a list."""

    @pytest.fixture
    def stored(self):
        return []

    @pytest.fixture
    def prober(self, stored):
        made = Prober(lambda findings, plans: stored.append((findings, plans)))
        made.start()
        yield made
        made.stop()

    def job(self, *slots, plan=1):
        return Job(plan, tuple(slots), LOOPBACK)

    def slot(self, watch, name, due_in=0.0, **target):
        """A slot of a monitor, made through its plan."""
        now = clock.now()
        watch(name, now=now, **target)
        ProbePlan.objects.all().delete()
        claim(now)
        loaded = take(ProbePlan.objects.get().pk, now=now).slots[0]
        when = now + timedelta(seconds=due_in)
        return replace(loaded, due=when.timestamp(), planned_at=when)

    @pytest.fixture(autouse=True)
    def quiet(self, monkeypatch):
        monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: None)

    def wait(self, prober, seconds=5.0):
        end = time.monotonic() + seconds
        while not prober.idle():
            assert time.monotonic() < end
            time.sleep(0.01)

    def test_results_of_a_monitor_leave_in_the_order_of_their_slots(self, watch, site, prober, stored):
        slow = self.slot(watch, "Slow", path="/trickle", timeout_s=1)
        quick = replace(self.slot(watch, "Quick"), monitor_id=slow.monitor_id)
        assert slow.due < quick.due
        prober.submit(self.job(slow, quick))
        self.wait(prober)
        order = [finding.trace.code for findings, _ in stored for finding in findings]
        assert order == ["timeout", ""]
        assert [plan for _, plans in stored for plan in plans] == [1]

    def test_what_is_too_late_is_missed_and_not_run(self, watch, site, prober, stored):
        late = self.slot(watch, "Site", due_in=-30)
        prober.submit(self.job(late))
        self.wait(prober)
        assert [(f.trace.outcome.value, f.trace.code) for findings, _ in stored for f in findings] == [
            ("missed", "late")
        ]
        assert site.seen == []

    def test_an_empty_plan_ends_at_once(self, prober, stored):
        prober.submit(self.job(plan=7))
        self.wait(prober)
        assert stored == [([], [7])]

    def test_stopping_records_what_did_not_finish(self, watch, prober, stored):
        prober.submit(self.job(self.slot(watch, "Slow", path="/trickle"), self.slot(watch, "Later", due_in=60)))
        time.sleep(0.2)
        prober.stop()
        assert [f.trace.code for findings, _ in stored for f in findings] == ["stopped", "stopped"]
        assert [plan for _, plans in stored for plan in plans] == [1]
        assert not prober.is_alive()

    def test_a_database_that_is_away_is_waited_for(self, watch, monkeypatch):
        monkeypatch.setattr("monitors.engine.prober.AGAIN_AFTER_S", 0.05)
        tries, stored, back = [], [], threading.Event()

        def store(findings, plans):
            tries.append(1)
            if not back.is_set():
                raise OperationalError("away")
            stored.extend(findings)

        prober = Prober(store)
        prober.start()
        prober.submit(self.job(self.slot(watch, "Site")))
        time.sleep(0.4)
        assert len(tries) > 2
        back.set()
        self.wait(prober)
        prober.stop()
        assert [finding.trace.outcome.value for finding in stored] == ["ok"]

    def test_one_result_that_cannot_be_stored_takes_no_other_with_it(self, watch):
        stored = []
        bad = self.slot(watch, "Bad")
        good = self.slot(watch, "Good")

        def store(findings, plans):
            if any(finding.monitor_id == bad.monitor_id for finding in findings):
                raise ValueError("a bug of ours")
            stored.extend([*findings, *plans])

        prober = Prober(store)
        prober.start()
        prober.submit(self.job(bad, good, plan=9))
        self.wait(prober)
        prober.stop()
        assert good.monitor_id in [getattr(one, "monitor_id", None) for one in stored]
        assert 9 in stored
