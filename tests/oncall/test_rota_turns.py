"""Turns and hand-off, on the wall of a zone: weeks, cycles, months, and the days on which clocks change."""

import pytest

from oncall.rota.schedule import Rotation, Unit
from tests.oncall.rota_cast import (
    ANA,
    BEN,
    CID,
    DAILY,
    DAN,
    MONTHLY,
    during,
    layer,
    schedule,
    utc,
    wall,
    who,
)

EVERY_HOUR = Rotation(Unit.HOURS, (1,))


def test_weeks_hand_over_at_nine_in_winter_and_in_summer():
    weekly = schedule(layer(ANA, BEN, CID))
    assert during(weekly, utc(2026, 3, 20), utc(2026, 4, 8)) == [
        ("03-20 00:00", "03-23 08:00", "Ben"),
        ("03-23 08:00", "03-30 07:00", "Cid"),
        ("03-30 07:00", "04-06 07:00", "Ana"),
        ("04-06 07:00", "04-08 00:00", "Ben"),
    ]


def test_at_the_very_instant_of_a_hand_off_the_new_person_is_on_call():
    weekly = schedule(layer(ANA, BEN))
    assert who(weekly, 2026, 1, 12, 7, 59, 59, 999_999) == "Ana"
    assert who(weekly, 2026, 1, 12, 8) == "Ben"


def test_before_the_first_hand_off_nobody_is_on_call():
    weekly = schedule(layer(ANA, BEN))
    assert during(weekly, utc(2026, 1, 5), utc(2026, 1, 6)) == [
        ("01-05 00:00", "01-05 08:00", "-"),
        ("01-05 08:00", "01-06 00:00", "Ana"),
    ]


def test_four_days_and_three_days_take_turns():
    split = schedule(layer(ANA, BEN, CID, rotation=Rotation(Unit.DAYS, (4, 3))))
    assert during(split, utc(2026, 1, 5, 8), utc(2026, 1, 17)) == [
        ("01-05 08:00", "01-09 08:00", "Ana"),
        ("01-09 08:00", "01-12 08:00", "Ben"),
        ("01-12 08:00", "01-16 08:00", "Cid"),
        ("01-16 08:00", "01-17 00:00", "Ana"),
    ]


def test_months_keep_their_day_and_take_the_last_one_where_there_is_none():
    monthly = schedule(layer(ANA, BEN, CID, rotation=MONTHLY, start=wall(2026, 1, 31, 9)))
    assert during(monthly, utc(2026, 2, 1), utc(2026, 5, 1)) == [
        ("02-01 00:00", "02-28 08:00", "Ana"),
        ("02-28 08:00", "03-31 07:00", "Ben"),
        ("03-31 07:00", "04-30 07:00", "Cid"),
        ("04-30 07:00", "05-01 00:00", "Ana"),
    ]


def test_two_months_at_a_time_pass_a_leap_day():
    pairs = schedule(layer(ANA, BEN, rotation=Rotation(Unit.MONTHS, (2,)), start=wall(2027, 12, 30, 9)))
    assert who(pairs, 2028, 2, 29, 7, 59) == "Ana"
    assert who(pairs, 2028, 2, 29, 8) == "Ben"


def test_a_turn_of_a_day_lasts_23_hours_in_spring_and_25_in_autumn():
    daily = schedule(layer(ANA, BEN, CID, rotation=DAILY))
    assert ("03-28 08:00", "03-29 07:00") in [one[:2] for one in during(daily, utc(2026, 3, 27), utc(2026, 3, 30))]
    assert ("10-24 07:00", "10-25 08:00") in [one[:2] for one in during(daily, utc(2026, 10, 23), utc(2026, 10, 26))]


def test_a_hand_off_in_the_hour_that_spring_leaves_out_is_when_the_hour_is_over():
    nightly = schedule(layer(ANA, BEN, rotation=DAILY, start=wall(2026, 3, 1, 2, 30)))
    assert during(nightly, utc(2026, 3, 28, 12), utc(2026, 3, 30)) == [
        ("03-28 12:00", "03-29 01:00", "Ben"),
        ("03-29 01:00", "03-30 00:00", "Ana"),
    ]


def test_a_hand_off_in_the_hour_that_autumn_has_twice_is_the_first_time():
    nightly = schedule(layer(ANA, BEN, rotation=DAILY, start=wall(2026, 10, 20, 2, 30)))
    assert during(nightly, utc(2026, 10, 25), utc(2026, 10, 25, 12)) == [
        ("10-25 00:00", "10-25 00:30", "Ana"),
        ("10-25 00:30", "10-25 12:00", "Ben"),
    ]


def test_a_turn_that_spring_leaves_out_is_lost_and_the_order_goes_on():
    hourly = schedule(layer(ANA, BEN, CID, DAN, rotation=EVERY_HOUR, start=wall(2026, 3, 29)))
    assert [one[2] for one in during(hourly, utc(2026, 3, 28, 23), utc(2026, 3, 29, 3))] == ["Ana", "Ben", "Dan", "Ana"]


def test_a_turn_of_an_hour_that_autumn_has_twice_lasts_two():
    hourly = schedule(layer(ANA, BEN, CID, DAN, rotation=EVERY_HOUR, start=wall(2026, 10, 25)))
    assert during(hourly, utc(2026, 10, 24, 23), utc(2026, 10, 25, 2)) == [
        ("10-24 23:00", "10-25 00:00", "Ben"),
        ("10-25 00:00", "10-25 02:00", "Cid"),
    ]


def test_in_the_second_pass_of_a_repeated_hour_nothing_goes_back():
    hourly = schedule(layer(ANA, BEN, CID, DAN, rotation=EVERY_HOUR, start=wall(2026, 10, 25)))
    assert during(hourly, utc(2026, 10, 25, 1, 10), utc(2026, 10, 25, 3)) == [
        ("10-25 01:10", "10-25 02:00", "Cid"),
        ("10-25 02:00", "10-25 03:00", "Dan"),
    ]
    quarters = schedule(layer(ANA, BEN, rotation=DAILY, start=wall(2026, 10, 20, 2, 45)))
    assert who(quarters, 2026, 10, 25, 1, 10) == "Ben"  # 02:10 for the second time; Ben came at 02:45 the first time


def test_two_hours_left_out_at_once_pass_two_turns_and_never_hand_back():
    """In Troll 01:00 becomes 03:00: what was due at 01:00, 02:00 and 03:00 is due together, in this order."""
    hourly = layer(ANA, BEN, CID, DAN, rotation=EVERY_HOUR, start=wall(2026, 3, 29), zone="Antarctica/Troll")
    assert [one[2] for one in during(schedule(hourly), utc(2026, 3, 29), utc(2026, 3, 29, 3))] == ["Ana", "Dan", "Ana"]


def test_the_day_that_samoa_left_out_is_a_lost_turn():
    daily = layer(ANA, BEN, CID, rotation=DAILY, start=wall(2011, 12, 28, 9), zone="Pacific/Apia")
    assert during(schedule(daily, zone="Pacific/Apia"), utc(2011, 12, 29, 19), utc(2012, 1, 1, 10)) == [
        ("12-29 19:00", "12-30 10:00", "Ben"),  # Thursday's turn ends with Thursday
        ("12-30 10:00", "12-30 19:00", "Cid"),  # Friday's begins at midnight, at 09:00 it is Saturday's
        ("12-30 19:00", "12-31 19:00", "Ana"),
        ("12-31 19:00", "01-01 10:00", "Ben"),
    ]


@pytest.mark.parametrize("year", [2026, 2036, 2126])
def test_an_old_rotation_answers_as_a_new_one_does(year):
    weekly = schedule(layer(ANA, BEN, CID, start=wall(2001, 1, 1, 9)))
    weeks = (wall(year, 6, 1, 12) - wall(2001, 1, 1, 9)).days // 7
    assert who(weekly, year, 6, 1, 12) == ("Ana", "Ben", "Cid")[weeks % 3]


def test_layers_of_one_schedule_may_live_in_zones_of_their_own():
    sydney = layer(ANA, name="South", zone="Australia/Sydney", rotation=DAILY, start=wall(2026, 1, 1))
    assert who(schedule(sydney, layer(BEN, order=2)), 2025, 12, 31, 13) == "Ana"
