"""Results become packs half an hour after their hour, and nobody who reads them can tell."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from monitors.engine import packing
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.models import PackProgress, ProbeSlot, Result, ResultPack, StateInterval
from monitors.packs import decode, decode_phases
from monitors.probes.trace import Outcome, Trace
from monitors.samples import hour_of, hour_start, hours, packed_until, samples
from tests import builders

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def without_rest(monkeypatch):
    """A step takes all of its turns, however slow this machine is."""
    monkeypatch.setattr(packing, "BUDGET_S", 60.0)


@pytest.fixture
def monitor(db):
    return watch("Shop")


def watch(name, **numbers):
    service = builders.service(name, now=T0)
    return builders.monitor(f"{name} home", service=service, now=T0, **numbers)


def deliver(monitor, first, last, *, outcome=Outcome.OK, retry=False, late=timedelta(seconds=1)):
    """Results of the minutes [first, last) after T0."""
    place = ProbeSlot.objects.get(monitor=monitor).location_id
    for minute in range(first, last):
        at = T0 + minute * MINUTE
        trace = Trace(
            outcome=outcome, status=200, total_us=150_000 + minute * 137, dns_us=900, connect_us=21_000, wait_us=80_000
        )
        hand_over([Finding(monitor.pk, monitor.version, place, at, retry, 1_700, trace)], now=at + late)


def told(monitor, since=T0 - HOUR, until=T0 + 90 * HOUR):
    return samples([monitor.pk], since, until).get(monitor.pk, [])


def test_an_hour_is_packed_half_an_hour_after_its_end(monitor):
    deliver(monitor, 0, 70)
    packing.pack(T0 + 60 * MINUTE + 29 * MINUTE)
    assert not ResultPack.objects.exists()
    assert packing.pack(T0 + 60 * MINUTE + 30 * MINUTE) == 1
    pack = ResultPack.objects.get()
    assert (hour_start(pack.hour), pack.monitor_version, pack.good, pack.failed) == (T0, monitor.version, 60, 0)
    assert len(decode(pack.body)) == 60
    assert [sum(counted.values()) for counted in decode_phases(pack.phases)] == [60] * 5
    assert packed_until() == hour_of(T0) + 1


def test_rows_and_packs_read_the_same(monitor):
    deliver(monitor, 0, 50)
    deliver(monitor, 50, 56, outcome=Outcome.FAILED)
    deliver(monitor, 56, 59, retry=True)
    deliver(monitor, 59, 200)
    before = told(monitor), hours(monitor.pk, T0, T0 + 9 * HOUR)
    packing.pack(T0 + 9 * HOUR)
    packing.clear(T0 + 60 * HOUR)
    assert Result.objects.count() < 20
    assert (told(monitor), hours(monitor.pk, T0, T0 + 9 * HOUR)) == before
    assert len(before[0]) == 200
    assert (before[1][0].good, before[1][0].failed) == (51, 6)


def test_a_window_is_cut_to_the_sample(monitor):
    deliver(monitor, 0, 130)
    packing.pack(T0 + 2 * HOUR)  # one hour is a pack now, the rest are rows
    window = told(monitor, T0 + 58 * MINUTE, T0 + 62 * MINUTE)
    assert [one.planned_at for one in window] == [T0 + minute * MINUTE for minute in (58, 59, 60, 61)]


def test_failures_and_the_results_of_a_change_stay_rows(monitor):
    deliver(monitor, 0, 20)
    deliver(monitor, 20, 25, outcome=Outcome.FAILED)
    deliver(monitor, 25, 60)
    packing.pack(T0 + 2 * HOUR)
    assert packing.clear(T0 + 48 * HOUR) == 0  # not yet two days old
    packing.clear(T0 + 49 * HOUR)
    kept = {row.planned_at: row.outcome for row in Result.objects.all()}
    assert [at for at, outcome in kept.items() if outcome == "failed"] == [T0 + m * MINUTE for m in range(20, 25)]
    seen_by = StateInterval.objects.filter(first_result_at__isnull=False)
    assert {at for row in seen_by for at in (row.first_result_at, row.last_result_at)} <= set(kept)
    assert len(kept) < 12


def test_a_result_that_comes_too_late_stays_a_row_and_counts_nowhere(monitor):
    deliver(monitor, 0, 10)
    deliver(monitor, 10, 11, late=timedelta(minutes=16))
    assert len(told(monitor)) == 10
    packing.pack(T0 + 2 * HOUR)
    packing.clear(T0 + 80 * HOUR)
    assert len(told(monitor)) == 10
    assert Result.objects.filter(planned_at=T0 + 10 * MINUTE).exists()


def test_a_change_of_configuration_begins_another_pack(monitor):
    deliver(monitor, 0, 30)
    monitor.name = "Shop window"
    monitor.save(now=T0 + 30 * MINUTE, reason="Test")
    deliver(monitor, 30, 60)
    packing.pack(T0 + 2 * HOUR)
    assert [(pack.monitor_version, pack.good) for pack in ResultPack.objects.order_by("monitor_version")] == [
        (1, 30),
        (2, 30),
    ]
    assert len(told(monitor)) == 60


def test_packing_again_does_nothing_and_an_engine_that_stood_still_catches_up(monitor):
    deliver(monitor, 0, 10)
    packing.pack(T0 + 2 * HOUR)
    assert packing.pack(T0 + 2 * HOUR) == 0
    deliver(monitor, 60 * 30, 60 * 31)
    assert packing.pack(T0 + 40 * HOUR) == 1
    assert packed_until() == hour_of(T0) + 39


def test_a_step_is_bounded_and_goes_on_where_it_stopped(db, monkeypatch):
    monitors = [watch(f"Shop {n}", interval_s=60) for n in range(3)]
    for monitor in monitors:
        deliver(monitor, 0, 5)
    monkeypatch.setattr(packing, "BATCH", 60)
    monkeypatch.setattr(packing, "BUDGET_S", 0.0)
    made = []
    while packed_until() < hour_of(T0) + 1:
        made.append(packing.pack(T0 + 2 * HOUR))
    assert [count for count in made if count] == [1, 1, 1]


def test_a_pack_is_never_changed(monitor):
    deliver(monitor, 0, 10)
    packing.pack(T0 + 2 * HOUR)
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        ResultPack.objects.update(good=99)
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        ResultPack.objects.all().delete()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_pack_every_hour_once_and_clear_it_once(monkeypatch):
    monitors = [watch(f"Shop {n}") for n in range(6)]
    for monitor in monitors:
        deliver(monitor, 0, 150)
    expected = {monitor.pk: told(monitor) for monitor in monitors}
    monkeypatch.setattr(packing, "BATCH", 60)
    made, together = [], threading.Barrier(3)

    def work():
        try:
            together.wait(10)
            for _ in range(40):
                made.append(packing.pack(T0 + 5 * HOUR))
                packing.clear(T0 + 60 * HOUR)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sum(made) == ResultPack.objects.count() == 6 * 3
    assert {monitor.pk: told(monitor) for monitor in monitors} == expected
    assert PackProgress.objects.count() == 2
