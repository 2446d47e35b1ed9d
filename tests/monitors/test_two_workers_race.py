"""Two workers at once, on PostgreSQL, whose locking is the real one: one result, one open interval, one signal."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection

from ledger import clock
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.engine.plans import take
from monitors.engine.ticks import claim, sweep
from monitors.models import ProbePlan, ProbeSlot, Result, Signal, StateInterval
from monitors.probes.trace import Outcome, Trace
from monitors.queries import claim_signal
from monitors.services import pause_monitor
from tests import builders

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
WORKERS = 4


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def at_once(*jobs):
    """Run each job in a thread of its own, started together; return what they returned, and raise what they raised."""
    gate, answers, faults = threading.Barrier(len(jobs)), [None] * len(jobs), []

    def run(number, job):
        try:
            gate.wait(5)
            answers[number] = job()
        except Exception as fault:  # noqa: BLE001 - raised again in the test's own thread
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number, job)) for number, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if faults:
        raise faults[0]
    return answers


@pytest.fixture
def monitors(db):
    shop = builders.service("Shop", now=T0)
    return [builders.monitor(f"Monitor {n}", service=shop, now=T0, confirmation_s=60, recovery_s=60) for n in range(12)]


def batch(monitors, second, outcome):
    place = ProbeSlot.objects.first().location_id
    trace = Trace(outcome=outcome, code="status" if outcome is Outcome.FAILED else "", sentence="no")
    return [Finding(one.pk, 1, place, at(second), False, 0, trace) for one in monitors]


def tiled(monitor):
    rows = list(StateInterval.objects.filter(monitor=monitor).order_by("started_at"))
    assert [row.ended_at for row in rows[:-1]] == [row.started_at for row in rows[1:]]
    assert rows[-1].ended_at is None
    return [row.state for row in rows]


def test_the_same_results_from_many_workers_are_one(monitors):
    down = [*batch(monitors, 60, Outcome.FAILED), *batch(monitors, 120, Outcome.FAILED)]
    at_once(*[lambda: hand_over(down, now=at(121))] * WORKERS)
    assert Result.objects.count() == 2 * len(monitors)
    assert Signal.objects.count() == len(monitors)
    assert {tuple(tiled(monitor)) for monitor in monitors} == {("unknown", "down")}


def test_batches_in_opposite_order_do_not_block_each_other(monitors):
    for second in range(60, 600, 60):
        there, now = batch(monitors, second, Outcome.OK), at(second + 1)
        at_once(partial(hand_over, there, now=now), partial(hand_over, there[::-1], now=now))
    assert {tuple(tiled(monitor)) for monitor in monitors} == {("unknown", "up")}


def test_a_sweep_and_a_result_leave_one_open_interval(monitors):
    hand_over(batch(monitors, 0, Outcome.OK), now=at(1))
    at_once(lambda: sweep(at(700)), lambda: hand_over(batch(monitors, 699, Outcome.OK), now=at(700)))
    assert {tuple(tiled(monitor)) for monitor in monitors} == {("up", "unknown", "up")}


def test_a_pause_and_a_result_leave_one_open_interval(monitors):
    hand_over(batch(monitors, 0, Outcome.OK), now=at(1))
    at_once(
        lambda: [pause_monitor(one, now=at(60), reason="Test") for one in monitors],
        lambda: hand_over(batch(monitors, 59, Outcome.FAILED), now=at(60)),
    )
    assert {tuple(tiled(monitor)) for monitor in monitors} == {("up", "paused")}


def test_ticks_at_once_plan_each_slot_once(monitors, monkeypatch):
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: None)
    ProbeSlot.objects.update(phase_ms=30_000)
    now = at(0)
    planned = at_once(*[lambda: claim(now)] * WORKERS)
    assert sum(planned) == len(monitors)
    slots = [pk for plan in ProbePlan.objects.all() for pk in plan.slots]
    assert sorted(slots) == sorted({str(one.pk) for one in monitors})


def test_a_plan_is_taken_by_one(monitors, monkeypatch):
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: None)
    now = clock.now()
    claim(now)
    plan = ProbePlan.objects.first()
    jobs = at_once(*[lambda: take(plan.pk, now=now)] * WORKERS)
    assert sum(job is not None for job in jobs) == 1


def test_a_signal_is_claimed_by_one(monitors):
    made = builders.signal(monitors[0], at=at(60))
    assert sorted(at_once(*[lambda: claim_signal(made, at(61))] * WORKERS)) == [False, False, False, True]
