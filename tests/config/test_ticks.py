"""A tick runs every step, outlives a broken one, and leaves a sign of life; the watchdog steps in when none comes."""

import threading
from datetime import timedelta

import pytest

from config import ticks, watchdog
from config.hints import QUEUES
from config.steps import HINTS, STEPS, Step
from config.ticks import Tick
from ledger import hints, liveness
from ledger.actors import SYSTEM, current_actor
from ledger.models import Liveness

pytestmark = pytest.mark.django_db


def test_every_step_runs_in_order_in_the_name_of_the_system(now):
    ran = []
    steps = tuple(Step(name, lambda at, name=name: ran.append((name, at, current_actor()))) for name in "abc")
    assert Tick("engine", steps).run(now) == {"a": True, "b": True, "c": True}
    assert ran == [(name, now, SYSTEM) for name in "abc"]


def test_a_broken_step_does_not_hold_the_others_up(now):
    ran = []
    steps = (Step("bad", lambda at: 1 / 0), Step("good", ran.append))
    assert Tick("engine", steps).run(now) == {"bad": False, "good": True}
    assert ran == [now]
    assert liveness.age("engine", now=now) == timedelta(0)
    assert liveness.age("step:good", now=now) == timedelta(0)
    assert liveness.age("step:bad", now=now) is None


def test_a_rare_step_does_not_run_on_every_tick(now):
    ran = []
    tick = Tick("engine", (Step("rare", ran.append, every_s=3600),))
    tick.run(now)
    tick.run(now)
    assert len(ran) == 1


def test_a_tick_does_not_pile_up_behind_a_slow_one(now):
    entered, leave = threading.Event(), threading.Event()

    def slow(_at):
        entered.set()
        leave.wait(5)

    tick = Tick("engine", (Step("slow", slow),))
    tick.lock.acquire()
    assert tick.run(now) is None
    tick.lock.release()


def test_signs_of_steps_are_written_now_and_then_only(now):
    tick = Tick("engine", (Step("a", lambda at: None),))
    tick.run(now)
    tick.run(now + timedelta(seconds=1))
    assert Liveness.objects.get(component="engine").seen_at == now + timedelta(seconds=1)
    assert Liveness.objects.get(component="step:a").seen_at == now


def test_every_hint_has_a_step_and_a_queue():
    assert set(HINTS) == set(hints.NAMES) == set(QUEUES)


def test_the_steps_carry_a_fault_from_the_probe_to_the_page():
    names = [step.name for step in STEPS]
    assert names.index("claim") < names.index("intake") < names.index("plan") < names.index("link")


@pytest.mark.parametrize(
    ("seconds_ago", "overdue"), [(None, True), (0, False), (4.9, False), (5.1, True), (3600, True)]
)
def test_a_tick_is_overdue_after_five_seconds(now, seconds_ago, overdue):
    if seconds_ago is not None:
        liveness.beat(ticks.ENGINE, now=now - timedelta(seconds=seconds_ago))
    assert watchdog.is_overdue(now) is overdue


@pytest.fixture
def dog(monkeypatch, now):
    """A watchdog over one step, at a clock of ours; sending happens at once."""
    ran = []
    one = watchdog.Watchdog()
    one.ran = ran
    one._tick = Tick(ticks.WATCHDOG, (Step("a", lambda at: ran.append("a")),))
    monkeypatch.setattr(one, "_beside", lambda name, run: ran.append(name))
    clock = {"now": now}
    monkeypatch.setattr(watchdog, "database_now", lambda: clock["now"])
    monkeypatch.setattr(watchdog, "close_old_connections", lambda: None)
    one.clock = clock
    return one


def test_the_watchdog_leaves_a_ticking_engine_alone(dog, now):
    liveness.beat(ticks.ENGINE, now=now)
    dog.look()
    assert dog.ran == []
    assert not dog.took_over


def test_the_watchdog_ticks_and_sends_when_nobody_ticked(dog, now):
    dog.look()
    assert "a" in dog.ran
    assert "send" in dog.ran
    assert liveness.age(ticks.WATCHDOG, now=now) == timedelta(0)


def test_its_own_ticks_do_not_look_like_an_engine(dog):
    dog.look()
    dog.clock["now"] += timedelta(seconds=1)
    dog.look()
    assert dog.ran.count("a") == 2


def test_the_watchdog_stands_down_when_ticks_come_back(dog):
    dog.look()
    assert dog.took_over
    liveness.beat(ticks.ENGINE, now=dog.clock["now"])
    dog.look()
    assert not dog.took_over
    assert dog.ran.count("a") == 1


def test_the_watchdog_outlives_a_database_that_is_away(dog, monkeypatch):
    def away():
        raise ConnectionError

    monkeypatch.setattr(watchdog, "database_now", away)
    dog.look()
    assert dog.ran == []
