"""Processes that find one gap at the same instant, on PostgreSQL: one gap, one end, one line of the ledger for each."""

import pytest
from django.db import transaction

from ledger.models import Entry
from monitors.engine import witness
from monitors.engine.watch import clock_was_put, watch
from monitors.gaps import GapCause, Reading, Scope, step_between
from monitors.models import LifeSpan, MonitoringGap
from monitors.services import create_location
from monitors.services import gaps as service
from monitors.services.gaps import end_gap, record_gap
from tests.monitors.test_two_workers_race import T0, at, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

WORKERS = 4


def told(kind):
    return Entry.objects.filter(kind=kind).count()


def crash(began=0):
    return record_gap(
        scope=Scope.ALL, cause=GapCause.CRASH, started_at=at(began), ended_at=at(900), now=at(900)
    )  # fmt: skip


def own_network(place, began, now):
    return record_gap(
        scope=Scope.LOCATION, location=place, cause=GapCause.NETWORK, started_at=at(began), ended_at=None, now=at(now)
    )  # fmt: skip


@pytest.fixture
def slow_to_write(monkeypatch):
    """Widen the moment between the look and the write, so that who looks without a lock finds nothing."""
    real = service._tell

    def tell(*args):
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        real(*args)

    monkeypatch.setattr(service, "_tell", tell)


def test_one_gap_that_many_find_is_written_once(db, slow_to_write):
    made = at_once(*[lambda n=n: crash(began=n) for n in range(WORKERS)])
    assert sum(gap is not None for gap in made) == 1
    assert MonitoringGap.objects.count() == told("monitoring.gap_found") == 1


def test_an_open_gap_of_a_location_is_not_opened_again_however_late_another_finds_it(db, slow_to_write):
    here, there = (create_location(name=name, now=T0, reason="Test") for name in ("here", "there"))
    # another prober's check lay five minutes later: no other gap, for the first goes on
    at_once(lambda: own_network(here, 0, 5), lambda: own_network(here, 300, 305), lambda: own_network(there, 0, 5))
    assert sorted(MonitoringGap.objects.values_list("location__name", flat=True)) == ["here", "there"]
    assert told("monitoring.gap_found") == 2


def test_an_open_gap_that_is_over_may_be_followed_by_another(db):
    here = create_location(name="here", now=T0, reason="Test")
    first = own_network(here, 0, 5)
    assert end_gap(first, ended_at=at(200), now=at(201))
    assert own_network(here, 300, 305) is not None


def test_many_that_end_a_gap_end_it_once(db, slow_to_write):
    gap = own_network(create_location(name="here", now=T0, reason="Test"), 0, 5)
    copies = [MonitoringGap.objects.get(pk=gap.pk) for _ in range(WORKERS)]
    ended = at_once(
        *[lambda n=n, one=one: end_gap(one, ended_at=at(60 + n), now=at(70)) for n, one in enumerate(copies)]
    )
    assert sorted(ended) == [False] * (WORKERS - 1) + [True]
    gap.refresh_from_db()
    assert gap.ended_at == at(60 + ended.index(True))
    assert told("monitoring.gap_ended") == 1


def test_workers_that_see_the_clock_put_tell_it_once_and_begin_every_span_once(db, slow_to_write):
    watch(T0)
    step = step_between(Reading(T0, 0, 0), Reading(at(3600), 0, 0), at(5) - T0)
    at_once(*[lambda: clock_was_put(step, now=at(3600))] * WORKERS)
    assert MonitoringGap.objects.get().step_s == 3600
    assert LifeSpan.objects.filter(component="engine").count() == 2


def test_workers_that_tick_first_after_a_silence_tell_it_once(db, slow_to_write, monkeypatch):
    seconds = lambda now: (now - T0).total_seconds()  # noqa: E731 - clocks that go with the time of the test
    monkeypatch.setattr(witness, "read_clocks", lambda now: Reading(now, seconds(now), seconds(now)))
    monkeypatch.setattr(witness, "eyes", witness.Eyes())
    watch(T0)
    at_once(*[lambda: watch(at(3600))] * WORKERS)
    assert [(gap.started_at, gap.ended_at) for gap in MonitoringGap.objects.all()] == [(T0, at(3600))]
    assert LifeSpan.objects.filter(component="engine", ended_at__isnull=True).count() == 1
