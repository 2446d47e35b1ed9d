"""What the database refuses of intervals and signals, whoever asks."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from monitors import tiling
from monitors.models import Signal, StateInterval
from tests import builders

pytestmark = pytest.mark.django_db

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)


def at(minutes):
    return T0 + timedelta(minutes=minutes)


@pytest.fixture
def monitor(shop):
    """A monitor whose life began at T0 and whose first interval ended ten minutes later."""
    made = builders.monitor(service=shop, now=T0)
    StateInterval.objects.filter(monitor=made).update(ended_at=at(10))
    return made


def interval(monitor, start, end=None, state="up"):
    return StateInterval.objects.create(monitor=monitor, state=state, started_at=start, ended_at=end, recorded_at=start)


def refuses(call, *args, **kwargs):
    with pytest.raises(DatabaseError), transaction.atomic():
        call(*args, **kwargs)


def test_the_next_one_begins_where_the_last_one_ended(monitor):
    assert interval(monitor, at(10)).is_open


@pytest.mark.parametrize(("start", "end"), [(5, 15), (9, None), (0, 10), (-5, 1), (-5, None), (2, 3), (-1, 20)])
def test_an_overlap_is_refused(monitor, start, end):
    refuses(interval, monitor, at(start), at(end) if end is not None else None)


def test_a_second_open_one_is_refused(monitor):
    interval(monitor, at(10))
    refuses(interval, monitor, at(20))


def test_another_monitor_has_a_life_of_its_own(monitor, shop):
    other = builders.monitor("Other", service=shop, now=at(10))
    StateInterval.objects.filter(monitor=other).update(ended_at=at(20))
    assert interval(other, at(20)).pk


def test_stretching_one_over_another_is_refused(monitor):
    later = interval(monitor, at(10))
    refuses(StateInterval.objects.filter(pk=later.pk).update, started_at=at(9))


def test_one_that_ends_before_it_begins_is_refused(monitor):
    later = interval(monitor, at(10))
    refuses(StateInterval.objects.filter(pk=later.pk).update, ended_at=at(10))
    refuses(StateInterval.objects.filter(pk=later.pk).update, ended_at=at(9))


@pytest.mark.parametrize("change", [{"state": "up"}, {"ended_at": None}, {"ended_at": at(9)}, {"detail": "nicer"}])
def test_one_that_ended_is_never_changed(monitor, change):
    refuses(StateInterval.objects.filter(monitor=monitor).update, **change)


def test_the_triggers_can_be_installed_again(monitor):
    tiling.install(connection)
    refuses(interval, monitor, at(5), at(15))


def test_a_signal_is_claimed_once_and_otherwise_never_changed(shop):
    made = builders.signal(builders.monitor(service=shop, now=T0), at=T0)
    rows = Signal.objects.filter(pk=made.pk)
    refuses(rows.update, severity=4)
    assert rows.update(claimed_at=at(1)) == 1
    refuses(rows.update, claimed_at=at(2))
    refuses(rows.update, claimed_at=None)
    refuses(rows._raw_delete, rows.db)
