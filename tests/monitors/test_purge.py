"""What is past its time goes, with a record of what it was; and there is no other way."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from accounts.services.holds import place_hold, release_hold
from ledger.append_only import PURGE_FLOOR_DAYS
from ledger.link import link_entries
from ledger.models import Entry, PurgeRecord
from ledger.purge import Old, TooYoung, purge
from ledger.verify import verify
from monitors.engine.packing import insert_packs, pack_row
from monitors.models import (
    HealthChange,
    HealthDependency,
    Location,
    MonitorState,
    Result,
    ResultPack,
    Signal,
    StateInterval,
)
from monitors.packs import Sample
from monitors.samples import hour_of
from monitors.services.purging import purge_old
from tests import builders

# by the database's own clock, which the triggers ask
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
LONG_AGO = NOW - 900 * DAY


@pytest.fixture
def monitor(db):
    builders.organisation(now=LONG_AGO)
    made = builders.monitor(service=builders.service(now=LONG_AGO), now=LONG_AGO)
    location = made.slots.get().location_id
    samples = [Sample(0, "ok", False, 3, 1200), Sample(60_000, "ok", False, 4, 1300)]
    for at in (LONG_AGO, LONG_AGO + 2 * DAY, NOW - 3 * DAY):
        insert_packs([pack_row((made.pk, hour_of(at), location, 1), samples, [[1], [1], [1], [1], [1]])])
    return made


def hours():
    return sorted(ResultPack.objects.values_list("hour", flat=True))


def test_packs_past_their_time_go_and_what_they_were_stays_on_record(monitor):
    assert purge_old(NOW) >= 2
    assert hours() == [hour_of(NOW - 3 * DAY)]
    made = PurgeRecord.objects.get(table_name="monitors_resultpack")
    assert (made.rows, made.rule, len(made.digest)) == (2, "packs", 64)
    assert made.first_at < made.last_at < made.bound_at and made.done_at == NOW
    assert made.digest in Entry.objects.get(kind="purge.done", line__contains="resultpack").line
    assert purge_old(NOW) == 0
    link_entries()
    assert verify().faults == ()


def test_the_open_state_and_what_still_is_pointed_to_stay(monitor):
    interval = StateInterval.objects.get()
    StateInterval.objects.filter(pk=interval.pk).update(covered_until=LONG_AGO)
    purge_old(NOW)
    assert StateInterval.objects.count() == 1
    assert MonitorState.objects.get().interval == interval


def test_old_signals_and_failed_results_go_too(monitor):
    builders.signal(monitor, at=LONG_AGO)
    Result.objects.create(
        day=LONG_AGO.date(), id=1, monitor=monitor, location_id=1, planned_at=LONG_AGO, recorded_at=LONG_AGO,
        monitor_version=1, outcome="failed",
    )  # fmt: skip
    purge_old(NOW)
    assert not Signal.objects.exists() and not Result.objects.exists()
    assert set(PurgeRecord.objects.values_list("rule", flat=True)) == {"results", "packs", "signals"}


def test_old_changes_of_a_dependency_go_but_for_the_one_that_still_holds(monitor):
    place = Location.objects.first()
    row = HealthDependency.objects.create(
        monitor=monitor, location=place, name="db", state="up", said="ok", since=LONG_AGO, first_seen_at=LONG_AGO,
        last_seen_at=LONG_AGO,
    )  # fmt: skip
    for minute, state in enumerate(("up", "down", "up")):
        at = LONG_AGO + timedelta(minutes=minute)
        HealthChange.objects.create(dependency=row, monitor_version=1, at=at, recorded_at=at, state=state)
    purge_old(NOW)
    assert [change.at for change in HealthChange.objects.all()] == [LONG_AGO + timedelta(minutes=2)]
    assert PurgeRecord.objects.get(rule="health_changes").rows == 2


def test_a_legal_hold_keeps_everything_until_two_people_have_agreed(monitor):
    ada = builders.person("Ada Admin", "admin")
    bea = builders.person("Bea Boss", "admin")
    hold = place_hold(name="Case 12", by=ada, now=NOW, reason="Counsel asked")
    assert purge_old(NOW) == 0 and len(hours()) == 3
    with pytest.raises(ValidationError, match="Let somebody else release: Bea Boss"):
        release_hold(hold, by=ada, now=NOW, reason="Over")
    release_hold(hold, by=bea, now=NOW, reason="Case closed")
    assert purge_old(NOW) >= 2


def test_nothing_younger_than_the_floor_is_deleted_whatever_is_asked(monitor):
    with pytest.raises(TooYoung):
        purge(Old(ResultPack, "hour", "packs"), before=NOW - (PURGE_FLOOR_DAYS - 1) * DAY, now=NOW)
    assert len(hours()) == 3


def delete(where="1 = 1"):
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM monitors_resultpack WHERE {where}")
        return cursor.rowcount


def opened(**differs):
    given = {
        "table_name": "monitors_resultpack", "rule": "packs", "bound_at": NOW - 800 * DAY, "rows": 1, "first_at": NOW,
        "last_at": NOW, "digest": "0" * 64, "recorded_at": NOW,
    }  # fmt: skip
    return PurgeRecord.objects.create(**{**given, **differs})


def refused():
    return pytest.raises(DatabaseError, match="is append-only")


def test_without_an_open_record_the_database_lets_nothing_go(monitor):
    with refused(), transaction.atomic():
        delete()
    purge_old(NOW)
    with refused(), transaction.atomic():
        delete()


@pytest.mark.parametrize(
    "differs",
    [
        {"table_name": "monitors_signal"},
        {"bound_at": NOW - 950 * DAY},
        {"bound_at": NOW - 400 * DAY},
        {"bound_at": NOW + 400 * DAY},
    ],
    ids=["of another table", "older than the rows", "younger than the floor", "in the future"],
)
def test_a_record_opens_its_own_table_for_rows_that_are_old_enough_and_nothing_else(monitor, differs):
    opened(**differs)
    with refused(), transaction.atomic():
        delete()


def test_even_with_an_open_record_young_rows_stay(monitor):
    opened()
    with refused(), transaction.atomic():
        delete()
    assert delete(f"hour < {hour_of(NOW - 800 * DAY)}") == 2


def test_a_record_of_a_purge_cannot_be_opened_again_or_taken_away(monitor):
    purge_old(NOW)
    with refused(), transaction.atomic():
        PurgeRecord.objects.update(done_at=None)
    with refused(), transaction.atomic():
        PurgeRecord.objects.all().delete()
    with refused(), transaction.atomic():
        opened(done_at=NOW)
