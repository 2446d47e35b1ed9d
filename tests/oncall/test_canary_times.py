"""When a canary is due, on the wall of a zone, clock changes included."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.canary_times import EVERY_DAY, last_slot, next_slot, read_at

BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_it_is_the_newest_time_on_the_wall_that_has_passed():
    assert last_slot("10:00", EVERY_DAY, BERLIN, utc(2026, 3, 17, 9, 0)) == utc(2026, 3, 17, 9)
    assert last_slot("10:00", EVERY_DAY, BERLIN, utc(2026, 3, 17, 8, 59)) == utc(2026, 3, 16, 9)
    assert next_slot("10:00", EVERY_DAY, BERLIN, utc(2026, 3, 17, 9, 0)) == utc(2026, 3, 18, 9)


def test_only_some_weekdays_and_none_at_all():
    assert last_slot("10:00", [0], BERLIN, utc(2026, 3, 20)) == utc(2026, 3, 16, 9)
    assert next_slot("10:00", [0], BERLIN, utc(2026, 3, 16, 10)) == utc(2026, 3, 23, 9)
    assert last_slot("10:00", [], BERLIN, utc(2026, 3, 20)) is next_slot("10:00", [], BERLIN, utc(2026, 3, 20)) is None


def test_summer_time_moves_it_with_the_wall():
    assert last_slot("10:00", EVERY_DAY, BERLIN, utc(2026, 3, 29, 12)) == utc(2026, 3, 29, 8)
    assert last_slot("02:30", EVERY_DAY, BERLIN, utc(2026, 3, 29, 12)) == utc(2026, 3, 29, 1, 30)


@pytest.mark.parametrize("text", ["", "9:00", "24:00", "10:60", "10.00", "10:00:00"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):
        read_at(text)


SPAN = st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: utc(2025, 1, 1) + timedelta(minutes=minutes))


@given(SPAN, st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]))
def test_the_last_and_the_next_one_surround_the_instant(now, zone):
    tz = ZoneInfo(zone)
    last, coming = last_slot("10:00", EVERY_DAY, tz, now), next_slot("10:00", EVERY_DAY, tz, now)
    assert last <= now < coming
    assert timedelta(hours=23) <= coming - last <= timedelta(hours=25)
