"""What an edit does is said before it is made: hours, holes, back-ups of oneself, and where clocks change."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from oncall.rota.calendar import window
from oncall.rota.clock_changes import change_words, clock_changes
from oncall.rota.effects import effects
from oncall.weeks import weeks_of
from tests.oncall.rota_cast import ANA, BEN, BERLIN, CID, layer, override, schedule, utc, wall

MARCH = window(utc(2026, 1, 5, 8), utc(2026, 1, 26, 8))  # three weeks: Ana, Ben, Ana
HOUR = timedelta(hours=1)
PLAN = schedule(layer(ANA, BEN))


def gained(found):
    return {one.person.name: one.gained / HOUR for one in found.balances}


def with_overrides(*made):
    return replace(PLAN, overrides=made)


def test_hours_that_one_gains_another_loses():
    found = effects(PLAN, with_overrides(override(1, "replace", *MARCH[:1], utc(2026, 1, 7, 8), who=CID)), MARCH)
    assert gained(found) == {"Cid": 48, "Ana": -48}
    assert [(one.before, one.after) for one in found.changes] == [((ANA,), (CID,))]
    assert found.newcomers == (CID,)
    assert len(found.at_once) == 1


def test_a_hole_that_opens_is_told_and_one_that_is_filled_too():
    hole = with_overrides(override(1, "remove", utc(2026, 1, 6, 8), utc(2026, 1, 7, 8), whom=ANA))
    assert [(one.start, one.end) for one in effects(PLAN, hole, MARCH).opened] == [
        (utc(2026, 1, 6, 8), utc(2026, 1, 7, 8))
    ]
    assert len(effects(hole, PLAN, MARCH).closed) == 1
    assert effects(PLAN, hole, MARCH).at_once == ()


def test_only_a_back_up_of_oneself_that_is_new_is_told():
    both = schedule(layer(ANA, BEN), layer(CID, role="secondary"))
    taken = replace(both, overrides=(override(1, "replace", utc(2026, 1, 6, 8), utc(2026, 1, 8, 8), who=CID),))
    assert [(one.person, one.roles) for one in effects(both, taken, MARCH).doubled] == [(CID, ("primary", "secondary"))]
    assert effects(taken, taken, MARCH).doubled == ()


def test_nothing_changed_has_no_effect():
    found = effects(PLAN, PLAN, MARCH)
    assert (found.changes, found.balances, found.opened, found.closed) == ((), (), (), ())


@pytest.mark.parametrize(
    ("zone", "month", "words"),
    [
        (BERLIN, 3, "Sun 29 Mar 2026: 02:00 becomes 03:00"),
        (BERLIN, 10, "Sun 25 Oct 2026: 03:00 becomes 02:00"),
        ("Australia/Lord_Howe", 10, "Sun 4 Oct 2026: 02:00 becomes 02:30"),
        ("America/St_Johns", 11, "Sun 1 Nov 2026: 02:00 becomes 01:00"),
    ],
)
def test_a_change_of_clocks_is_found_to_the_second(zone, month, words):
    within = window(utc(2026, month, 1), utc(2026, month, 28) + timedelta(days=4))
    assert [change_words(one) for one in clock_changes(within, ZoneInfo(zone))] == [words]


def test_where_clocks_never_change_none_is_found():
    assert clock_changes(window(utc(2026, 1, 1), utc(2027, 1, 1)), ZoneInfo("Asia/Tokyo")) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "16 to 29 March 2026"),
        ({"from": "2026-03-25", "weeks": "4"}, "23 March to 19 April 2026"),
        ({"from": "2026-12-28", "weeks": "2"}, "28 December 2026 to 10 January 2027"),
        ({"from": "yesterday", "weeks": "900"}, "16 to 29 March 2026"),
        ({"from": "0001-01-01"}, "16 to 29 March 2026"),
    ],
)
def test_weeks_begin_on_a_monday_of_the_zone_and_what_cannot_be_read_is_this_week(asked, said):
    assert weeks_of(asked, BERLIN, utc(2026, 3, 17, 12)).said == said


def test_weeks_over_a_change_of_clocks_end_at_midnight_all_the_same():
    weeks = weeks_of({}, BERLIN, utc(2026, 3, 17, 12))
    assert weeks.within == (utc(2026, 3, 15, 23), utc(2026, 3, 29, 22))
    assert weeks.later.first == date(2026, 3, 30)
    assert weeks.later.earlier == weeks
    assert weeks.later.today == weeks
    assert wall(2026, 3, 16).date() == weeks.first
