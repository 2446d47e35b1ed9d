"""Days of monitors are written down once they are over, and add up to what was measured."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from ledger.models import Entry
from monitors.models import DailyAvailability, StateInterval
from monitors.queries import spans
from monitors.services import retire_monitor
from monitors.services.daily import write_days
from tests import builders

# the night in which Berlin's clocks go forward is inside
BORN = datetime(2026, 3, 27, 12, tzinfo=UTC)
DAY_MS = 86_400_000
MS = ("up_ms", "degraded_ms", "down_ms", "unknown_ms", "paused_ms")


@pytest.fixture
def monitor(db):
    builders.organisation(zone="Europe/Berlin", now=BORN)
    made = builders.monitor(service=builders.service(now=BORN), now=BORN)
    live(made, "up", BORN + timedelta(hours=30))
    live(made, "down", BORN + timedelta(hours=31))
    return made


def live(monitor, state, until):
    """The open interval of a monitor was in a state until then; the next one is unknown."""
    interval = StateInterval.objects.get(monitor=monitor, ended_at=None)
    StateInterval.objects.filter(pk=interval.pk).update(
        state=state, ended_at=until, closed_recorded_at=until, covered_until=until
    )
    made = StateInterval.objects.create(monitor=monitor, state="unknown", started_at=until, recorded_at=until)
    monitor.standing.interval = made
    monitor.standing.save()


def at(day, hour, minute):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def days():
    return list(DailyAvailability.objects.order_by("day").values_list("day", flat=True))


def test_a_day_is_written_a_quarter_of_an_hour_after_it_is_over_and_not_before(monitor):
    assert write_days(at(27, 23, 14)) == 0
    assert write_days(at(27, 23, 15)) == 1
    assert days() == [date(2026, 3, 27)]
    assert write_days(at(28, 12, 0)) == 0


def test_a_day_of_a_clock_change_is_as_long_as_it_was_and_states_add_up(monitor):
    write_days(at(31, 12, 0))
    rows = list(DailyAvailability.objects.order_by("day"))
    assert [sum(getattr(row, name) for name in MS) for row in rows] == [
        11 * 3_600_000,
        DAY_MS,
        DAY_MS - 3_600_000,
        DAY_MS,
    ]
    assert (rows[1].down_ms, rows[1].end_at) == (3_600_000, at(28, 23, 0))
    told = spans([monitor.pk], BORN, rows[-1].end_at, now=at(31, 12, 0))[monitor.pk]
    for name in ("up", "down", "unknown"):
        measured = sum((one.end - one.start) / timedelta(milliseconds=1) for one in told if one.state.value == name)
        assert sum(getattr(row, f"{name}_ms") for row in rows) == measured


def test_days_the_engine_slept_through_are_written_afterwards_and_once(monitor):
    assert write_days(at(31, 0, 0)) == 4
    assert write_days(at(31, 0, 0)) == 0
    assert DailyAvailability.objects.count() == 4
    assert '"rows":4' in Entry.objects.get(kind="availability.days").line


def test_a_retired_monitor_has_its_last_day_and_no_more(monitor):
    retire_monitor(monitor, now=at(29, 12, 0), reason="Gone")
    write_days(at(31, 12, 0))
    assert days()[-1] == date(2026, 3, 29)
    assert write_days(datetime(2026, 4, 9, tzinfo=UTC)) == 0


def test_a_day_is_never_computed_again(monitor):
    write_days(at(29, 12, 0))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        DailyAvailability.objects.update(down_ms=0)
