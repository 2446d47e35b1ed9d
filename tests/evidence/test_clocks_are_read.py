"""What our clocks were worth: read once an hour, in the record, on the page, in the pack of a period."""

from datetime import UTC, datetime, timedelta

import pytest

from config.clocks import look_at_clocks
from evidence.clock_table import clock_tables
from evidence.kernel_clock import KernelClock, read_kernel_clock
from evidence.models import ClockReading
from evidence.services.clocks import read_clocks
from ledger.link import link_entries
from ledger.models import Entry
from ledger.tables import Scope
from tests import builders

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def look(at, synchronised=True, error=12):
    return read_clocks(at, offset_ms=lambda: -7, ask=lambda: KernelClock(synchronised, error))


def test_the_clocks_are_read_once_an_hour(now):
    assert look(NOON) is not None
    assert look(NOON + timedelta(minutes=30)) is None
    assert look(NOON + HOUR) is not None
    assert ClockReading.objects.count() == Entry.objects.filter(kind="clock.read").count() == 2


def test_a_machine_that_cannot_be_asked_says_that_nothing_is_known():
    reading = look(NOON, None, None)
    assert (reading.source, reading.synchronised, reading.max_error_ms) == ("none", None, None)


def test_the_kernel_is_asked_and_answers_or_says_nothing():
    said = read_kernel_clock()
    assert (said.synchronised is None) == (said.max_error_ms is None)


def test_the_machine_and_its_database_are_not_far_apart():
    assert abs(look_at_clocks(NOON).offset_ms) < 2_000


def test_a_day_of_the_pack_counts_its_readings_and_a_day_without_says_so():
    look(NOON, error=12)
    look(NOON + HOUR, synchronised=False, error=16_000_000)
    link_entries()
    scope = Scope("period", "two days", NOON, NOON - timedelta(days=1), NOON + HOUR)
    (table,) = clock_tables(scope)
    before, day = [dict(zip(table.header, row, strict=True)) for row in table.rows()]
    assert (before["readings"], before["source"], before["max_error_ms"]) == (0, "none", None)
    assert (day["readings"], day["synchronised_readings"], day["max_error_ms"]) == (2, 1, 16_000_000)
    assert day["max_abs_offset_ms"] == 7
    assert 0 < day["ledger_seq_first"] < day["ledger_seq_last"]


@pytest.mark.parametrize(
    ("synchronised", "says"),
    [(True, "kept in step"), (False, "Not kept in step"), (None, "nobody can say")],
)
def test_the_page_system_says_what_the_clock_is_worth(client, synchronised, says):
    client.force_login(builders.person("Ada Admin", "admin"))
    look(NOON, synchronised, None if synchronised is None else 12)
    assert says in client.get("/system/").content.decode()
