"""What a day's monitoring came to: checks expected by the settings then in force, those that ran, the longest silence."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.ids import snowflake
from monitors import continuity
from monitors.continuity import continuity_of, days_of, ran_on
from monitors.engine import packing
from monitors.expected import Version, expected_slots, has_gap, longest_gap_s, marks, was_active
from monitors.models import Result
from monitors.packs import slots
from monitors.services import change_monitor, create_location, pause_monitor, set_locations
from monitors.services.continuity import recorded_day
from tests import builders

DAY = date(2026, 3, 17)
START = datetime(2026, 3, 17, tzinfo=UTC)
END = START + timedelta(days=1)
HOUR = timedelta(hours=1)


def at(hour, minute=0, second=0):
    return START + timedelta(hours=hour, minutes=minute, seconds=second)


def test_a_day_at_one_interval_has_as_many_slots_as_fit():
    assert expected_slots("mon_a", [Version(START - timedelta(days=9), 60, False)], START, END) == 1440


def test_a_change_of_interval_and_a_pause_are_counted_from_their_instants():
    versions = [Version(START, 60, False), Version(at(12), 30, False), Version(at(18), 30, True)]
    assert expected_slots("mon_a", versions, START, END) in range(720 + 720 - 2, 720 + 720 + 3)


def test_a_monitor_that_was_idle_all_day_is_not_active():
    assert not was_active([Version(START - timedelta(days=1), 60, True)], START, END)
    assert not was_active([Version(END, 60, False)], START, END)
    assert was_active([Version(at(23, 59), 60, False)], START, END)


@given(
    cuts=st.lists(st.integers(1, 86_399), max_size=6, unique=True).map(sorted),
    interval_s=st.integers(5, 7200),
    public_id=st.text("abc", min_size=1, max_size=4),
)
def test_days_cut_anywhere_add_up(cuts, interval_s, public_id):
    versions = [Version(START - timedelta(days=1), interval_s, False)]
    bounds = [START, *(START + timedelta(seconds=cut) for cut in cuts), END]
    parts = [expected_slots(public_id, versions, a, b) for a, b in pairwise(bounds)]
    assert sum(parts) == expected_slots(public_id, versions, START, END)


@pytest.fixture
def monitor(db):
    service = builders.service(team=builders.team(now=START), now=START)
    return builders.monitor(service=service, interval_s=60, now=START - timedelta(hours=1))


def row(monitor, moment, outcome="ok", retry=False):
    return Result(
        day=moment.date(), id=snowflake(), monitor=monitor, location_id=monitor.slots.get().location_id,
        planned_at=moment, recorded_at=moment, monitor_version=1, outcome=outcome, retry=retry,
    )  # fmt: skip


def ran(monitor, moment, outcome="ok", retry=False):
    row(monitor, moment, outcome, retry).save(force_insert=True)


def test_checks_that_ran_are_counted_and_missed_ones_and_retries_are_not(monitor):
    ran(monitor, at(0))
    ran(monitor, at(0, 1), "failed")
    ran(monitor, at(0, 1, 20), "failed", retry=True)
    ran(monitor, at(0, 2), "missed")
    seen = continuity_of(DAY, now=END + timedelta(minutes=10))
    assert (seen.monitors, seen.checks_expected, seen.checks_executed) == (1, 1440, 2)


def test_the_longest_silence_runs_from_check_to_check_and_to_the_ends_of_the_day(monitor):
    for minute in range(0, 24 * 60, 5):
        if not 600 < minute < 700:
            ran(monitor, START + timedelta(minutes=minute))
    assert continuity_of(DAY, now=END).longest_gap_s == 100 * 60
    Result.objects.filter(planned_at__gte=at(2)).delete()
    assert continuity_of(DAY, now=END).longest_gap_s == 22 * 3600 + 5 * 60


def test_a_day_with_nothing_to_check_knows_no_silence(monitor):
    pause_monitor(monitor, now=START - timedelta(minutes=5), reason="Test")
    seen = continuity_of(DAY, now=END)
    assert (seen.monitors, seen.checks_expected, seen.checks_executed, seen.longest_gap_s) == (0, 0, 0, None)


def test_a_day_whose_checks_are_no_longer_kept_is_unknown_and_not_nought(monitor):
    assert continuity_of(DAY, now=END).checks_executed == 0
    assert continuity_of(DAY, now=END + timedelta(days=801)).checks_executed is None


def test_a_result_that_came_too_late_counts_as_late_and_in_nothing_else(monitor):
    ran(monitor, at(0))
    ran(monitor, at(0, 1))
    Result.objects.filter(planned_at=at(0, 1)).update(recorded_at=at(0, 16, 1))
    seen = continuity_of(DAY, now=END)
    assert (seen.checks_executed, seen.checks_late, seen.longest_gap_s) == (1, 1, 86_400)
    Result.objects.filter(planned_at=at(0, 1)).update(recorded_at=at(0, 16))
    assert continuity_of(DAY, now=END).checks_late == 0


def test_each_monitor_is_told_by_the_settings_of_each_hour(monitor):
    ran(monitor, at(0))
    change_monitor(monitor, {"interval_s": 30}, now=at(12))
    one = ran_on(DAY)[monitor.public_id]
    assert one.expected in range(720 + 1440 - 2, 720 + 1440 + 3)
    assert (one.executed, one.missed, one.late) == (1, one.expected - 1, 0)


def test_the_last_days_of_a_monitor_end_now(monitor):
    for minute in range(60):
        ran(monitor, at(1, minute))
    (today,) = days_of(monitor, now=at(2), count=1)
    assert (today.day, today.ran.expected, today.ran.executed, today.ran.missed) == (DAY, 120, 60, 60)
    assert today.longest_gap_s == 3600
    assert len(days_of(monitor, now=END + timedelta(days=20, hours=1))) == 14


def test_a_second_location_is_expected_from_when_it_was_added_until_it_was_taken_away(monitor):
    here = monitor.slots.get().location
    there = create_location(name="frankfurt", now=START)
    set_locations(monitor, [here, there], now=at(6), reason="Test")
    set_locations(monitor, [here], now=at(18), reason="Test")
    assert ran_on(DAY)[monitor.public_id].expected == 1440 + 720
    assert ran_on(DAY + timedelta(days=1))[monitor.public_id].expected == 1440


def test_packs_are_opened_only_where_a_gap_may_be(monitor, monkeypatch):
    before = START - timedelta(hours=1)
    others = [builders.monitor(f"Other {n}", service=monitor.service, interval_s=60, now=before) for n in range(19)]
    Result.objects.bulk_create(
        row(one, START + timedelta(minutes=minute, seconds=7 * nth % 60))
        for nth, one in enumerate([monitor, *others])
        for minute in range(2 * 60)
        if not 60 <= minute < 80
    )
    monkeypatch.setattr(packing, "BUDGET_S", 60.0)
    packing.pack(END + timedelta(hours=9))
    opened = []
    monkeypatch.setattr(continuity, "slots", lambda body: opened.append(body) or slots(body))
    seen = continuity_of(DAY, now=END)
    assert seen.checks_executed == 20 * 100
    assert seen.longest_gap_s == 22 * 3600 + 1  # after the last check, at 1:59:59
    assert len(opened) == 8 + 20, "the hour that has no gap was opened whole"


@given(
    st.lists(st.lists(st.integers(0, 3599), max_size=60), min_size=1, max_size=12),
    st.integers(0, 3),
)
def test_opening_few_packs_finds_the_longest_gap_of_all(hours, quiet):
    """What `continuity` relies on: an hour without a half gap at its edges adds nothing to the longest."""
    begins = [START + timedelta(hours=n) for n in range(len(hours))]
    instants = [[b + timedelta(seconds=s) for s in seconds] for b, seconds in zip(begins, hours, strict=True)]
    whole = longest_gap_s(marks(one for hour in instants for one in hour), START, begins[-1] + HOUR)
    some = []
    for begin, hour in zip(begins, instants, strict=True):
        few = hour[: len(hour) // (quiet + 1)]
        some += marks(hour if has_gap(few, begin, begin + HOUR) else few)
    assert longest_gap_s(some, START, begins[-1] + HOUR) == whole


def test_a_day_is_counted_once_and_never_again(monitor):
    ran(monitor, at(0))
    first = recorded_day(DAY, now=END + timedelta(minutes=10))
    ran(monitor, at(0, 1))
    assert recorded_day(DAY, now=END + timedelta(days=3)) == first
    assert (first.checks_expected, first.checks_executed) == (1440, 1)


def test_a_day_reads_the_same_after_its_hours_were_packed(monitor, monkeypatch):
    monkeypatch.setattr(packing, "BUDGET_S", 60.0)
    for minute in range(0, 24 * 60, 4):
        if not 600 < minute < 700:
            ran(monitor, START + timedelta(minutes=minute), "failed" if minute % 100 == 0 else "ok")
    ran(monitor, at(3, 1), retry=True)
    before = continuity_of(DAY, now=END)
    packing.pack(END + timedelta(hours=9))
    packing.clear(END + timedelta(days=3))
    assert Result.objects.filter(outcome="ok").count() == 0
    assert continuity_of(DAY, now=END + timedelta(days=40)) == before
