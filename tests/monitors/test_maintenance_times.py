"""When a window happens: wall clocks, clock changes, repetitions."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.recurrence import RecurrenceError, occurrences, read_plan, summary

BERLIN = "Europe/Berlin"
AGES = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def times(zone, starts, length_s, rule="", *, since=AGES[0], until=AGES[1]):
    found = occurrences(read_plan(zone, starts, length_s, rule), since, until)
    return [(f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}") for start, end in found]


def test_a_time_of_day_that_the_clock_change_skips_moves_forward_by_what_is_skipped():
    assert times(BERLIN, "2026-03-29T02:30", 3600) == [("2026-03-29 01:30", "2026-03-29 02:30")]
    start = datetime(2026, 3, 29, 1, 30, tzinfo=UTC).astimezone(ZoneInfo(BERLIN))
    assert f"{start:%H:%M}" == "03:30"


def test_a_time_of_day_that_comes_twice_is_the_first_of_the_two():
    assert times(BERLIN, "2026-10-25T02:30", 3600) == [("2026-10-25 00:30", "2026-10-25 01:30")]


def test_a_weekly_window_keeps_its_place_on_the_wall_when_clocks_change():
    found = times(BERLIN, "2026-03-22T02:00", 7200, "FREQ=WEEKLY;COUNT=3")
    assert found == [
        ("2026-03-22 01:00", "2026-03-22 03:00"),
        ("2026-03-29 01:00", "2026-03-29 03:00"),
        ("2026-04-05 00:00", "2026-04-05 02:00"),
    ]


def test_two_hours_are_two_hours_over_midnight_and_over_a_clock_change():
    assert times(BERLIN, "2026-03-28T23:00", 6 * 3600) == [("2026-03-28 22:00", "2026-03-29 04:00")]


def test_a_window_may_last_for_days():
    assert times("UTC", "2026-05-01T22:00", 50 * 3600) == [("2026-05-01 22:00", "2026-05-04 00:00")]


def test_only_starts_within_the_span_asked_for_are_told():
    since, until = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 4, tzinfo=UTC)
    found = times("UTC", "2026-01-01T00:00", 60, "FREQ=DAILY", since=since, until=until)
    assert [start for start, _ in found] == ["2026-06-02 00:00", "2026-06-03 00:00"]


def test_a_day_given_as_the_end_counts_whole():
    found = times("UTC", "2026-06-01T22:00", 60, "FREQ=DAILY;UNTIL=20260603")
    assert [start for start, _ in found] == ["2026-06-01 22:00", "2026-06-02 22:00", "2026-06-03 22:00"]


def test_an_end_in_utc_is_told_in_the_zone_of_the_window():
    found = times(BERLIN, "2026-06-01T01:00", 60, "FREQ=DAILY;UNTIL=20260601T230000Z")
    assert [start for start, _ in found] == ["2026-05-31 23:00", "2026-06-01 23:00"]


def test_months_without_the_day_are_left_out():
    found = times("UTC", "2026-01-31T03:00", 60, "FREQ=MONTHLY;COUNT=3")
    assert [start[:10] for start, _ in found] == ["2026-01-31", "2026-03-31", "2026-05-31"]


@given(
    zone=st.sampled_from([BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    day=st.dates(date(2024, 1, 1), date(2028, 1, 1)),
    hour=st.integers(0, 23),
    minute=st.sampled_from([0, 15, 30, 45]),
    rule=st.sampled_from(
        ["", "FREQ=DAILY;COUNT=40", "FREQ=WEEKLY;BYDAY=MO,SU;COUNT=30", "FREQ=MONTHLY;BYDAY=-1SU;COUNT=9"]
    ),
)
def test_times_never_overlap_and_a_split_look_finds_the_same(zone, day, hour, minute, rule):
    plan = read_plan(zone, f"{day:%Y-%m-%d}T{hour:02}:{minute:02}", 3600, rule)
    found = occurrences(plan, *AGES)
    assert all(end - start == timedelta(hours=1) for start, end in found)
    assert all(one[1] <= following[0] for one, following in pairwise(found))
    middle = found[len(found) // 2][0]
    assert occurrences(plan, AGES[0], middle) + occurrences(plan, middle, AGES[1]) == found
    for start, _ in found:
        wall = start.astimezone(ZoneInfo(zone))
        skipped = wall.replace(tzinfo=None) != wall.replace(hour=hour, minute=minute, tzinfo=None)
        # off its place on the wall only where the clock jumps
        assert not skipped or wall.utcoffset() != (start - timedelta(hours=1)).astimezone(ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("Mars/Olympus", "2026-01-01T00:00", 60, ""), "zone"),
        (("../../etc/passwd", "2026-01-01T00:00", 60, ""), "zone"),
        (("UTC", "tomorrow", 60, ""), "starts"),
        (("UTC", "1066-01-01T00:00", 60, ""), "starts"),
        (("UTC", "2026-01-01T00:00", 0, ""), "length_s"),
        (("UTC", "2026-01-01T00:00", 15 * 86400, ""), "length_s"),
        (("UTC", "2026-01-01T00:00", 30 * 3600, "FREQ=DAILY"), "length_s"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=SECONDLY"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=DAILY;BYHOUR=1"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=DAILY;COUNT=0"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=DAILY;INTERVAL=99999999999"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=DAILY;COUNT=2;UNTIL=20260201"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=WEEKLY;BYDAY=XX"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "FREQ=DAILY;UNTIL=soon"), "rrule"),
        (("UTC", "2026-01-01T00:00", 60, "every sunday"), "rrule"),
    ],
)
def test_what_describes_no_window_is_refused_by_field(given, field):
    with pytest.raises(RecurrenceError) as refused:
        read_plan(*given)
    assert refused.value.field == field


@given(rule=st.text(alphabet="FREQ=DAILYWKUNTCOBSMHP;,-+0123456789", max_size=60))
def test_garbage_is_read_or_refused_and_nothing_else(rule):
    try:
        plan = read_plan("UTC", "2026-01-01T00:00", 60, f"FREQ=DAILY;{rule}")
    except RecurrenceError:
        return
    summary(plan)
    occurrences(plan, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("", "Once, on Sunday 29 March 2026 at 02:00 for 1 h 30 min, Europe/Berlin"),
        ("FREQ=DAILY", "Every day at 02:00 for 1 h 30 min, Europe/Berlin"),
        ("FREQ=WEEKLY", "Every week on Sunday at 02:00 for 1 h 30 min, Europe/Berlin"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=5", "Every 2 weeks on Tuesday, Thursday at 02:00 for 1 h 30 min, Europe/Berlin, 5 times"),
        ("FREQ=MONTHLY;UNTIL=20261231", "Every month on day 29, months without one left out, at 02:00 for 1 h 30 min, Europe/Berlin, until 2026-12-31"),
        ("FREQ=MONTHLY;BYDAY=-1SU", "Every month on the last Sunday at 02:00 for 1 h 30 min, Europe/Berlin"),
        ("FREQ=MONTHLY;BYDAY=+1MO,3MO", "Every month on the first Monday and the third Monday at 02:00 for 1 h 30 min, Europe/Berlin"),
        ("FREQ=MONTHLY;BYDAY=-2SU", "Every month by the rule FREQ=MONTHLY;BYDAY=-2SU at 02:00 for 1 h 30 min, Europe/Berlin"),
    ],
)  # fmt: skip
def test_a_plan_is_said_in_words(rule, said):
    assert summary(read_plan(BERLIN, "2026-03-29T02:00", 5400, rule)) == said
