"""Members come and go: who is next is always explained by who was last, and an edit wakes nobody by surprise."""

import pytest

from oncall.rota.calendar import window
from oncall.rota.resolve import shifts
from oncall.rota.schedule import Members, Rotation, Unit
from tests.oncall.rota_cast import ANA, BEN, CID, DAN, during, layer, schedule, utc, wall

WEEK_OF_BEN = utc(2026, 1, 14, 12)  # the second week: Ana had the first


def told(lists, until):
    """Who has a rotation with these lists of members, from its first turn on."""
    return [one[2] for one in during(schedule(layer(members=lists)), utc(2026, 1, 5, 8), until)]


@pytest.mark.parametrize(
    ("change", "then"),
    [
        ((ANA, BEN, CID, DAN), ["Cid", "Dan", "Ana"]),  # somebody joins at the end
        ((ANA, BEN, DAN, CID), ["Dan", "Cid", "Ana"]),  # or behind who is on call
        ((DAN, ANA, BEN, CID), ["Cid", "Dan", "Ana"]),
        ((ANA, BEN), ["Ana", "Ben", "Ana"]),  # who was next has left
        ((ANA, CID), ["Cid", "Ana", "Cid"]),  # who is on call has left
        ((CID, BEN, ANA), ["Ana", "Cid", "Ben"]),  # turned round
        ((DAN,), ["Dan", "Dan", "Dan"]),
        ((), ["-"]),
    ],
)
def test_a_new_list_counts_from_the_hand_off_behind_who_had_the_last_turn(change, then):
    lists = (Members((ANA, BEN, CID)), Members(change, WEEK_OF_BEN))
    assert told(lists, utc(2026, 2, 9, 8)) == ["Ana", "Ben", *then]


def test_a_list_that_begins_at_the_very_hand_off_counts_for_it():
    assert told((Members((ANA, BEN)), Members((ANA, CID), utc(2026, 1, 12, 8))), utc(2026, 1, 26, 8)) == [
        "Ana", "Cid", "Ana",
    ]  # fmt: skip


def test_a_list_that_begins_where_a_gap_joins_hand_offs_counts_for_all_of_them():
    """In Troll the hand-offs of 01:00, 02:00 and 03:00 are one instant: Ben's and Cid's turns are left out, Dan's is not."""
    lists = (Members((ANA, BEN)), Members((CID, DAN, BEN), utc(2026, 3, 29, 1)))
    hourly = Rotation(Unit.HOURS, (1,))
    troll = layer(members=lists, rotation=hourly, start=wall(2026, 3, 29), zone="Antarctica/Troll")
    assert [one[2] for one in during(schedule(troll), utc(2026, 3, 29), utc(2026, 3, 29, 3))] == ["Ana", "Dan", "Ben"]


def test_a_list_that_is_replaced_before_its_first_hand_off_never_counted():
    lists = (Members((ANA, BEN, CID)), Members((DAN,), WEEK_OF_BEN), Members((ANA, BEN, CID), utc(2026, 1, 15)))
    assert told(lists, utc(2026, 2, 2, 8)) == ["Ana", "Ben", "Cid", "Ana"]


def test_after_an_empty_list_the_order_goes_on_behind_the_last_who_had_a_turn():
    lists = (Members((ANA, BEN, CID)), Members((), WEEK_OF_BEN), Members((ANA, BEN, CID), utc(2026, 1, 28)))
    assert told(lists, utc(2026, 2, 16, 8)) == ["Ana", "Ben", "-", "Cid", "Ana"]


def test_lists_may_begin_after_the_rotation_does():
    assert told((Members((BEN, ANA), utc(2026, 1, 7)),), utc(2026, 1, 26, 8)) == ["-", "Ben", "Ana"]


def test_the_order_in_which_lists_are_given_means_nothing():
    lists = (Members((ANA, BEN, CID)), Members((ANA, DAN), WEEK_OF_BEN), Members((BEN,), utc(2026, 1, 28)))
    assert told(lists, utc(2026, 3, 1)) == told(lists[::-1], utc(2026, 3, 1))


def test_at_once_the_rest_of_a_leavers_turn_goes_to_who_is_next_and_no_later_turn_moves():
    lists = (Members((ANA, BEN, CID)), Members((ANA, CID, DAN), WEEK_OF_BEN, at_once=True))
    assert during(schedule(layer(members=lists)), utc(2026, 1, 12, 8), utc(2026, 2, 9)) == [
        ("01-12 08:00", "01-14 12:00", "Ben"),
        ("01-14 12:00", "01-19 08:00", "Cid"),
        ("01-19 08:00", "01-26 08:00", "Cid"),
        ("01-26 08:00", "02-02 08:00", "Dan"),
        ("02-02 08:00", "02-09 00:00", "Ana"),
    ]


def test_at_once_who_is_still_a_member_keeps_the_turn():
    lists = (Members((ANA, BEN, CID)), Members((DAN, BEN), WEEK_OF_BEN, at_once=True))
    assert told(lists, utc(2026, 2, 2, 8)) == ["Ana", "Ben", "Dan", "Ben"]


def test_two_people_may_leave_in_one_turn():
    lists = (
        Members((ANA, BEN, CID)),
        Members((ANA, CID), WEEK_OF_BEN, at_once=True),
        Members((ANA,), utc(2026, 1, 16), at_once=True),
    )
    assert during(schedule(layer(members=lists)), utc(2026, 1, 12, 8), utc(2026, 1, 19, 8)) == [
        ("01-12 08:00", "01-14 12:00", "Ben"),
        ("01-14 12:00", "01-16 00:00", "Cid"),
        ("01-16 00:00", "01-19 08:00", "Ana"),
    ]


def test_at_once_an_empty_list_leaves_a_gap_and_the_next_one_fills_it():
    lists = (
        Members((ANA, BEN)),
        Members((), WEEK_OF_BEN, at_once=True),
        Members((DAN, CID), utc(2026, 1, 16), at_once=True),
    )
    assert told(lists, utc(2026, 2, 2, 8)) == ["Ana", "Ben", "-", "Dan", "Dan", "Cid"]


def test_a_turn_that_was_taken_over_says_from_whom_and_keeps_its_bounds():
    lists = (Members((ANA, BEN, CID)), Members((ANA, CID), WEEK_OF_BEN, at_once=True))
    first, second = shifts(schedule(layer(members=lists)), window(utc(2026, 1, 12, 8), utc(2026, 1, 19, 8)))
    assert first.on_call[0].turn.taken_from is None
    assert second.on_call[0].turn.taken_from == BEN
    for shift in (first, second):
        turn = shift.on_call[0].turn
        assert (turn.number, turn.start, turn.end) == (2, utc(2026, 1, 12, 8), utc(2026, 1, 19, 8))
