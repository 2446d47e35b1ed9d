"""What goes wrong with the watcher itself. After each story: intervals tile, nothing unwatched is up, and the figures
are those computed by hand."""

from datetime import timedelta

import pytest

from ledger import liveness
from monitors.continuity import continuity_of
from monitors.engine import packing, witness
from monitors.gaps import Reading
from monitors.models import LifeSpan, MonitoringGap, ProbeSlot, Result, Signal
from tests import builders
from tests.monitors.night import T0, Night, minutes, must_tile, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def begin(shop, monkeypatch, settings):
    """A night with one monitor, checked each minute, down and up after two failures or answers in a row."""

    def start(*broken):
        night = Night(monkeypatch, settings, broken)
        night.monitor = builders.monitor(service=shop, now=T0, interval_s=60, confirmation_s=60, recovery_s=60)
        night.lay_on_minutes()
        return night

    return start


def gaps():
    rows = MonitoringGap.objects.order_by("started_at", "pk")
    at = lambda moment: f"{(moment - T0).total_seconds() / 60:g}"  # noqa: E731
    return [f"{row.scope} {row.cause} {at(row.started_at)}-{at(row.ended_at)}" for row in rows]


def test_the_engine_is_stopped_for_an_hour_across_an_outage(begin):
    night = begin((20, 50))
    night.run(10)
    night.stop(in_order=True)
    night.pass_by(minutes(60))
    night.start()
    night.run(75)
    # the last check ran at minute 9 and speaks to minute 10; the outage, from 20 to 50, was seen by nobody
    assert told(night.monitor, night.wall) == ["up 0-10", "unknown 10-70 deploy", "up 70-75"]
    assert gaps() == ["all deploy 9.5-70"]
    assert not Signal.objects.exists()
    must_tile(night.monitor)


@pytest.mark.parametrize(("how", "cause"), [({"new_boot": True}, "host_down"), ({}, "crash")])
def test_an_engine_that_dies_in_an_outage_finds_it_still_there(begin, how, cause):
    night = begin((5, 40))
    night.run(10)
    night.stop()
    night.pass_by(minutes(20))
    night.start(**how)
    night.run(50)
    # down from the first failure, at 5; unknown from 10; failing again from 30, confirmed at 31, dated back to 30
    assert told(night.monitor, night.wall) == [
        "up 0-5", "down 5-10", f"unknown 10-30 {cause}", "down 30-40", "up 40-50",
    ]  # fmt: skip
    assert gaps() == [f"all {cause} 9.5-30"]
    assert [signal.opens for signal in Signal.objects.order_by("pk")] == [True, False], (
        "one alarm, however often it was seen"
    )
    must_tile(night.monitor)


def test_the_database_stands_still_and_the_engine_knows_that_it_did(begin):
    night = begin()
    night.run(10)
    night.due = []
    night.pass_by(minutes(5))
    night.eyes.database_was_away()
    night.run(20)
    assert told(night.monitor, night.wall) == ["up 0-10", "unknown 10-15 db", "up 15-20"]
    assert gaps() == ["all db 9.5-15"]
    must_tile(night.monitor)


def test_an_engine_that_hung_and_cannot_say_why_says_that(begin):
    night = begin()
    night.run(10)
    night.due = []
    night.pass_by(minutes(5))
    night.run(20)
    assert gaps() == ["all unknown 9.5-15"]
    must_tile(night.monitor)


def test_a_clock_put_forward_leaves_an_hour_that_nobody_watched(begin):
    night = begin()
    night.run(10)
    night.put_clock(minutes(60))
    before = Result.objects.count()
    night.run(20)
    # at real minute 10 our clock says 70; the last look at the clocks before the step was at 9.5
    assert gaps() == ["all clock_step 9.5-70"]
    assert told(night.monitor, night.wall) == ["up 0-9.5", "unknown 9.5-70 clock_step", "up 70-80"]
    ran = list(Result.objects.filter(planned_at__gte=T0 + minutes(70)).order_by("planned_at"))
    assert [row.planned_at for row in ran] == [T0 + minutes(n) for n in range(70, 80)], "no burst"
    assert Result.objects.count() - before <= 12
    must_tile(night.monitor)


def test_a_clock_put_back_hides_no_outage(begin):
    night = begin((75, 200))
    night.run(70)
    night.put_clock(-minutes(60))
    night.run(80)
    # at real minute 70 our clock says 10; the world breaks at real minute 75, when it says 15
    assert gaps() == ["all clock_step 10-69.5"]
    assert told(night.monitor, night.wall) == ["up 0-10", "unknown 10-10 clock_step", "up 10-15", "down 15-20"]
    assert Signal.objects.filter(opens=True).count() == 1
    must_tile(night.monitor)
    due = ProbeSlot.objects.get().next_due_at
    assert due - night.wall < minutes(2), "the timetable went on"


def test_a_clock_put_back_in_an_outage_that_began_in_the_repeated_time(begin):
    night = begin((40, 90))
    night.run(70)
    night.put_clock(-minutes(60))
    night.run(100)
    assert told(night.monitor, night.wall) == ["up 0-40"], "what the first pass measured stands"
    assert Signal.objects.order_by("pk").last().opens is False, (
        "its end was seen, although it lies before its beginning"
    )
    must_tile(night.monitor)


def test_a_machine_that_slept_is_no_clock_that_was_put(begin, monkeypatch):
    night = begin()
    night.run(10)
    slept = minutes(30)
    night.due = []
    night.pass_by(slept)
    seconds = night._seconds
    monkeypatch.setattr(witness, "read_clocks", lambda now: Reading(now, seconds() - slept.total_seconds(), seconds()))
    night.run(45)
    assert gaps() == ["all host_down 9.5-40"]
    assert told(night.monitor, night.wall) == ["up 0-10", "unknown 10-40 host_down", "up 40-45"]


def test_a_worker_that_dies_with_a_plan_leaves_missed_slots_and_no_up(begin):
    night = begin()
    night.run(10)
    for _ in range(8):
        night.tick()
        night.due = []  # taken, and never heard of again
        night.pass_by(timedelta(seconds=30))
    night.run(20)
    assert told(night.monitor, night.wall)[:2] == ["up 0-10", "unknown 10-14 probe_lost"]
    assert Result.objects.filter(outcome="missed", code="lost").count() >= 3
    must_tile(night.monitor)


def test_a_component_that_lived_through_a_stop_of_the_engine_was_not_silent(begin):
    night = begin()
    night.run(10)
    night.stop(in_order=True)
    for _ in range(20):
        night.pass_by(timedelta(seconds=30))
        liveness.beat("web", now=night.wall)
    night.process = 1
    night.run(25)
    assert LifeSpan.objects.filter(component="engine").count() == 2
    assert LifeSpan.objects.get(component="web").ended_at is None


def test_the_day_says_how_long_each_component_was_heard_and_what_did_not_run(begin, monkeypatch):
    night = begin()
    night.run(10)
    night.stop()
    night.pass_by(minutes(20))
    night.start()
    night.run(40)
    spans = LifeSpan.objects.filter(component="engine").order_by("started_at")
    assert [(row.started_at, row.ended_at) for row in spans] == [(T0, T0 + minutes(9.5)), (T0 + minutes(30), None)]
    monkeypatch.setattr(packing, "BUDGET_S", 60.0)
    day = continuity_of(T0.date(), now=night.wall + timedelta(days=1))
    # expected from 3:00 to midnight, 21 hours; run were minutes 0 to 9 and 30 to 39
    assert (day.checks_expected, day.checks_executed) == (21 * 60, 10 + 10)
