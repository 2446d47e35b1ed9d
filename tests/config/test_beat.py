"""The beat table is code; what the operator adds stays."""

import json
import time

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.beat import Scheduler, table, upsert_beat_table
from config.celery import app
from config.checks import BEAT_PREFIX

pytestmark = pytest.mark.django_db


def ours():
    return PeriodicTask.objects.filter(name__startswith=BEAT_PREFIX)


def test_the_table_is_written_once():
    assert upsert_beat_table() == len(table())
    assert upsert_beat_table() == 0
    tick = ours().get(task="watchbook.engine_tick")
    assert (tick.queue, tick.enabled, tick.interval.every, tick.interval.period) == ("engine", True, 1, "seconds")


def test_a_knock_that_nobody_takes_is_dropped():
    upsert_beat_table()
    assert {entry.expire_seconds for entry in ours()} == {2, 7200}


def test_what_was_switched_off_or_changed_is_put_back():
    upsert_beat_table()
    entry = ours().get(task="watchbook.engine_tick")
    entry.enabled, entry.queue = False, "elsewhere"
    entry.save()
    assert upsert_beat_table() == 1
    entry.refresh_from_db()
    assert (entry.enabled, entry.queue) == (True, "engine")


def test_an_entry_of_ours_that_is_no_more_goes_away_and_the_operators_stay():
    interval = IntervalSchedule.objects.create(every=7, period="hours")
    PeriodicTask.objects.create(name=BEAT_PREFIX + "of an older version", task="x", interval=interval)
    own = PeriodicTask.objects.create(name="nightly report", task="y", interval=interval, args=json.dumps([1]))
    upsert_beat_table()
    assert not PeriodicTask.objects.filter(task="x").exists()
    own.refresh_from_db()
    assert (own.task, own.args) == ("y", "[1]")


def test_a_fraction_of_a_second_is_written_in_whole_units(settings):
    settings.TICK_S = 0.2
    upsert_beat_table()
    interval = ours().get(task="watchbook.engine_tick").interval
    assert (interval.every, interval.period) == (200_000, "microseconds")


def test_every_task_of_the_table_exists():
    app.loader.import_default_modules()
    assert {row.task for row in table()} <= set(app.tasks)


def test_beat_sleeps_between_rounds_and_sees_a_change_within_seconds(monkeypatch):
    upsert_beat_table()
    scheduler = Scheduler(app=app, lazy=True)
    asked = []
    monkeypatch.setattr("config.beat.DatabaseScheduler.schedule_changed", lambda self: asked.append(1) or False)
    for _ in range(50):
        scheduler.schedule_changed()
    assert len(asked) == 1
    monkeypatch.setattr(time, "monotonic", time.monotonic)
    scheduler._looked_at -= 6
    scheduler.schedule_changed()
    assert len(asked) == 2
