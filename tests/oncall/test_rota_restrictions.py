"""Restrictions: hours and weekdays on the wall, over midnight, through clock changes, and after turns were taken."""

from datetime import time

from oncall.rota.schedule import Hours
from tests.oncall.rota_cast import ANA, BEN, CID, DAILY, during, layer, schedule, utc, wall, who

OFFICE = Hours(time(9), time(17), frozenset(range(5)))
NIGHT = Hours(time(22), time(6))


def test_outside_its_hours_a_layer_has_nobody():
    office = schedule(layer(ANA, BEN, restrictions=(OFFICE,)))
    assert during(office, utc(2026, 1, 9), utc(2026, 1, 12, 10)) == [
        ("01-09 00:00", "01-09 08:00", "-"),
        ("01-09 08:00", "01-09 16:00", "Ana"),
        ("01-09 16:00", "01-12 08:00", "-"),
        ("01-12 08:00", "01-12 10:00", "Ben"),
    ]


def test_the_next_layer_is_asked_then():
    covered = schedule(layer(ANA, restrictions=(OFFICE,)), layer(BEN, CID, order=2))
    assert during(covered, utc(2026, 1, 16, 12), utc(2026, 1, 19, 9)) == [
        ("01-16 12:00", "01-16 16:00", "Ana"),
        ("01-16 16:00", "01-19 08:00", "Cid"),
        ("01-19 08:00", "01-19 09:00", "Ana"),
    ]


def test_hours_over_midnight_belong_to_the_day_they_begin_on():
    friday = schedule(layer(ANA, restrictions=(Hours(time(22), time(6), frozenset({4})),)))
    assert during(friday, utc(2026, 1, 9), utc(2026, 1, 12)) == [
        ("01-09 00:00", "01-09 21:00", "-"),
        ("01-09 21:00", "01-10 05:00", "Ana"),
        ("01-10 05:00", "01-12 00:00", "-"),
    ]


def test_a_whole_day_and_hours_that_touch_it_are_one_stretch():
    weekend = (Hours(time(17), time(0), frozenset({4})), Hours(time(0), time(0), frozenset({5, 6})))
    assert during(schedule(layer(ANA, restrictions=weekend)), utc(2026, 1, 9), utc(2026, 1, 13)) == [
        ("01-09 00:00", "01-09 16:00", "-"),
        ("01-09 16:00", "01-11 23:00", "Ana"),
        ("01-11 23:00", "01-13 00:00", "-"),
    ]


def test_a_day_that_is_left_out_does_not_change_whose_turn_it_is():
    """Turns are taken first: who has a Saturday has it, and loses it."""
    weekdays = schedule(
        layer(ANA, BEN, CID, rotation=DAILY, restrictions=(Hours(time(0), time(0), frozenset(range(5))),))
    )
    assert who(weekdays, 2026, 1, 9, 12) == "Ben"
    assert who(weekdays, 2026, 1, 10, 12) == "-"  # Cid's Saturday
    assert who(weekdays, 2026, 1, 12, 12) == "Ben"  # as if Saturday and Sunday had been had


def test_office_hours_do_not_drift_when_clocks_change():
    office = schedule(layer(ANA, restrictions=(Hours(time(9), time(17)),)))
    assert [one for one in during(office, utc(2026, 3, 28), utc(2026, 3, 30)) if one[2] == "Ana"] == [
        ("03-28 08:00", "03-28 16:00", "Ana"),
        ("03-29 07:00", "03-29 15:00", "Ana"),
    ]


def test_a_night_is_seven_hours_in_spring_and_nine_in_autumn():
    nights = schedule(layer(ANA, restrictions=(NIGHT,)))
    assert ("03-28 21:00", "03-29 04:00", "Ana") in during(nights, utc(2026, 3, 28), utc(2026, 3, 29, 12))
    assert ("10-24 20:00", "10-25 05:00", "Ana") in during(nights, utc(2026, 10, 24), utc(2026, 10, 25, 12))


def test_hours_within_what_spring_leaves_out_are_left_out():
    small = schedule(layer(ANA, restrictions=(Hours(time(2), time(3)),)))
    assert during(small, utc(2026, 3, 28, 12), utc(2026, 3, 29, 12)) == [("03-28 12:00", "03-29 12:00", "-")]


def test_hours_that_begin_in_a_repeated_hour_begin_the_first_time_and_end_once():
    small = schedule(layer(ANA, restrictions=(Hours(time(2, 30), time(3)),)))
    assert ("10-25 00:30", "10-25 02:00", "Ana") in during(small, utc(2026, 10, 25), utc(2026, 10, 25, 12))
    ending = schedule(layer(ANA, restrictions=(Hours(time(1), time(2, 30)),)))
    assert [one for one in during(ending, utc(2026, 10, 24, 22), utc(2026, 10, 25, 12)) if one[2] == "Ana"] == [
        ("10-24 23:00", "10-25 00:30", "Ana"),
    ]


def test_hours_and_their_opposite_tile_every_day():
    """Two layers that split the day at 02:30 leave no gap and share no minute, whatever clocks do."""
    split = schedule(
        layer(ANA, restrictions=(Hours(time(2, 30), time(14, 30)),)),
        layer(BEN, order=2, restrictions=(Hours(time(14, 30), time(2, 30)),)),
    )
    for start, end in ((utc(2026, 3, 28), utc(2026, 3, 31)), (utc(2026, 10, 24), utc(2026, 10, 27))):
        assert "-" not in [one[2] for one in during(split, start, end)]


def test_a_layer_counts_from_since_until_until():
    old = layer(ANA, BEN, until=utc(2026, 1, 14))
    new = layer(CID, order=2, rotation=DAILY, start=wall(2026, 1, 10, 12), since=utc(2026, 1, 14))
    assert during(schedule(old, new), utc(2026, 1, 12, 8), utc(2026, 1, 14, 6)) == [
        ("01-12 08:00", "01-14 00:00", "Ben"),
        ("01-14 00:00", "01-14 06:00", "Cid"),
    ]
