"""What is said about a schedule: differences in words, loads, conflicts, and what may not be kept."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from oncall.rota import conflicts
from oncall.rota.calendar import window
from oncall.rota.difference import difference, sentence
from oncall.rota.fairness import Span, fairness, loads
from oncall.rota.problems import problems_of_layer, problems_of_override
from oncall.rota.resolve import gaps
from oncall.rota.schedule import SECONDARY, Absence, Hours, Members, Rotation, Unit
from tests.oncall.rota_cast import (
    ANA,
    BEN,
    BERLIN,
    CID,
    DAILY,
    DAN,
    layer,
    names,
    override,
    schedule,
    told,
    utc,
    wall,
)

JANUARY = window(utc(2026, 1, 5, 8), utc(2026, 2, 2, 8))
HOUR = timedelta(hours=1)
WEEKLY = schedule(layer(ANA, BEN))


def said(before, after, within=JANUARY):
    return [sentence(change, BERLIN, 2026) for change in difference(before, after, within)]


def test_a_difference_is_told_in_the_schedules_zone():
    swapped = schedule(
        layer(ANA, BEN), overrides=[override(1, "replace", utc(2026, 1, 12, 8), utc(2026, 1, 19, 8), who=CID)]
    )
    assert said(WEEKLY, swapped) == ["Mon 12 Jan 09:00 to Mon 19 Jan 09:00: Cid instead of Ben"]
    assert said(WEEKLY, WEEKLY) == []


def test_a_year_is_told_where_it_is_another():
    swapped = schedule(layer(ANA, BEN), overrides=[override(1, "remove", utc(2025, 12, 30), utc(2026, 1, 6), whom=ANA)])
    early = schedule(layer(ANA, start=wall(2025, 12, 29, 9)))
    changed = replace(early, overrides=swapped.overrides)
    assert said(early, changed, window(utc(2025, 12, 1), utc(2026, 2, 1))) == [
        "Tue 30 Dec 2025 01:00 to Tue 6 Jan 01:00: nobody instead of Ana"
    ]


def test_who_joins_who_goes_and_who_fills_a_gap_have_words_of_their_own():
    start, end = utc(2026, 1, 6), utc(2026, 1, 7)
    added = schedule(layer(ANA, BEN), overrides=[override(1, "add", start, end, who=CID)])
    assert said(WEEKLY, added) == ["Tue 6 Jan 01:00 to Wed 7 Jan 01:00: Cid as well as Ana"]
    assert said(added, WEEKLY) == ["Tue 6 Jan 01:00 to Wed 7 Jan 01:00: Ana without Cid"]
    filled = schedule(layer(ANA, BEN), overrides=[override(1, "add", utc(2026, 1, 4), utc(2026, 1, 6), who=CID)])
    assert said(WEEKLY, filled, window(utc(2026, 1, 4), utc(2026, 1, 5))) == [
        "Sun 4 Jan 01:00 to Mon 5 Jan 01:00: Cid, where nobody was"
    ]


def test_a_repeated_hour_says_so_the_second_time():
    night = [override(1, "replace", utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30), who=CID)]
    old = schedule(layer(ANA))
    assert said(old, replace(old, overrides=tuple(night)), window(utc(2026, 10, 24), utc(2026, 10, 26))) == [
        "Sun 25 Oct 02:30 to Sun 25 Oct 02:30 (the second time): Cid instead of Ana"
    ]


def test_gaps_are_shifts_that_nobody_has():
    office = schedule(layer(ANA, restrictions=(Hours(time(9), time(17)),)))
    assert told(gaps(office, window(utc(2026, 1, 6), utc(2026, 1, 7)))) == [
        ("01-06 00:00", "01-06 08:00", "-"),
        ("01-06 16:00", "01-07 00:00", "-"),
    ]


def test_four_weeks_of_two_people_weigh_the_same():
    found = fairness(WEEKLY, JANUARY)
    assert [(names_of(load), load.length / HOUR, load.nights, load.weekends) for load in found] == [
        ("Ana", 336, 14, 2),
        ("Ben", 336, 14, 2),
    ]


def test_the_months_of_a_year_add_up_to_the_year():
    year = fairness(WEEKLY, window(utc(2026, 1, 5), utc(2027, 1, 5)))
    bounds = [utc(2026 + month // 12, month % 12 + 1, 5) for month in range(13)]
    months = [fairness(WEEKLY, window(*both)) for both in pairwise(bounds)]
    for load in year:
        parts = [one for month in months for one in month if one.person == load.person]
        assert sum((one.length for one in parts), timedelta(0)) == load.length
        assert sum(one.nights for one in parts) == load.nights
        assert sum(one.weekends for one in parts) == load.weekends


@pytest.mark.parametrize(
    ("hands_over", "nights"), [(1, {"Ana": 0, "Ben": 1}), (2, {"Ana": 1, "Ben": 1}), (3, {"Ana": 1, "Ben": 0})]
)
def test_a_night_counts_for_who_has_at_least_half_of_it(hands_over, nights):
    """22:00 to 06:00 in Berlin is 21:00 to 05:00 in UTC; half of it is 01:00."""
    middle = utc(2026, 1, 7, hands_over - 1)
    spans = [Span(utc(2026, 1, 6, 12), middle, ANA), Span(middle, utc(2026, 1, 7, 12), BEN)]
    found = loads(spans, window(utc(2026, 1, 6, 12), utc(2026, 1, 7, 12)), BERLIN)
    assert {load.person.name: load.nights for load in found} == nights


def test_the_night_of_a_clock_change_is_halved_by_time_that_passes():
    """The night has nine hours in autumn: who has four of them has not half."""
    spans = [Span(utc(2026, 10, 24, 12), utc(2026, 10, 25), ANA), Span(utc(2026, 10, 25), utc(2026, 10, 25, 12), BEN)]
    found = loads(spans, window(utc(2026, 10, 24, 12), utc(2026, 10, 25, 12)), BERLIN)
    assert {load.person.name: load.nights for load in found} == {"Ana": 0, "Ben": 1}


def test_a_weekend_shared_evenly_counts_for_both():
    days = schedule(layer(ANA, BEN, rotation=DAILY, start=wall(2026, 1, 3)))
    assert [load.weekends for load in fairness(days, window(utc(2026, 1, 2), utc(2026, 1, 5)))] == [1, 1]


def test_a_weekend_that_begins_in_the_window_is_counted_to_its_end():
    days = schedule(layer(ANA, BEN, rotation=DAILY, start=wall(2026, 1, 3)))
    found = fairness(days, window(utc(2026, 1, 2), utc(2026, 1, 3)))
    assert [(names_of(load), load.length / HOUR, load.weekends) for load in found] == [("Ana", 1, 1), ("Ben", 0, 1)]
    assert all(load.weekends == 0 for load in fairness(days, window(utc(2026, 1, 3), utc(2026, 1, 5))))


def names_of(load):
    return load.person.name


def test_an_absence_is_held_against_shifts_and_changes_none():
    away = Absence("abs", BEN, utc(2026, 1, 18), utc(2026, 1, 27), "Holiday")
    found = conflicts.absent(WEEKLY, JANUARY, [away])
    assert [(one.person, one.start, one.end, one.roles, one.absence) for one in found] == [
        (BEN, utc(2026, 1, 18), utc(2026, 1, 19, 8), ("primary",), away),
        (BEN, utc(2026, 1, 26, 8), utc(2026, 1, 27), ("primary",), away),
    ]


def test_who_is_their_own_back_up_is_a_conflict():
    two = schedule(layer(ANA, BEN), layer(BEN, CID, role=SECONDARY, rotation=Rotation(Unit.WEEKS, (2,))))
    found = conflicts.doubled(two, JANUARY)
    assert [(one.person, one.start, one.roles) for one in found] == [
        (BEN, utc(2026, 1, 12, 8), ("primary", "secondary"))
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"role": "boss"}, "role"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"zone": "../etc"}, "zone"),
        ({"rotation": Rotation(Unit.DAYS, ())}, "rotation"),
        ({"rotation": Rotation(Unit.WEEKS, (1, 0))}, "rotation"),
        ({"rotation": Rotation(Unit.MONTHS, (13,))}, "rotation"),
        ({"start": wall(2026, 1, 5, 9, 0, 30)}, "start"),
        ({"start": datetime(2026, 1, 5, 9, tzinfo=UTC)}, "start"),
        ({"start": wall(1999, 1, 5, 9)}, "start"),
        ({"members": ()}, "members"),
        ({"members": (Members((ANA, ANA)),)}, "members"),
        ({"members": (Members((ANA,)), Members((BEN,)))}, "members"),
        ({"members": (Members((ANA,), utc(2026, 2, 1)), Members((BEN,), utc(2026, 2, 1)))}, "members"),
        ({"restrictions": (Hours(time(9), time(17), frozenset()),)}, "restrictions"),
        ({"restrictions": (Hours(time(9), time(17), frozenset({7})),)}, "restrictions"),
        ({"restrictions": (Hours(time(9, 0, 1), time(17)),)}, "restrictions"),
        ({"since": utc(2026, 2, 1), "until": utc(2026, 2, 1)}, "until"),
    ],
)
def test_a_layer_that_cannot_be_kept_says_which_field_and_why(change, field):
    good = layer(ANA, BEN, restrictions=(Hours(time(22), time(6)),))
    assert problems_of_layer(good) == {}
    found = problems_of_layer(replace(good, **change))
    assert list(found) == [field]
    assert found[field].endswith(".")


@pytest.mark.parametrize(
    ("kind", "people", "field"),
    [
        ("replace", {}, "who"),
        ("replace", {"who": ANA, "whom": ANA}, "who"),
        ("add", {"who": ANA, "whom": BEN}, "whom"),
        ("remove", {}, "whom"),
        ("remove", {"who": ANA, "whom": BEN}, "who"),
    ],
)
def test_an_override_that_cannot_be_kept_says_why(kind, people, field):
    assert list(problems_of_override(override(1, kind, utc(2026, 1, 1), utc(2026, 1, 2), **people))) == [field]


def test_an_override_ends_later_than_it_starts():
    assert list(problems_of_override(override(1, "add", utc(2026, 1, 2), utc(2026, 1, 2), who=DAN))) == ["end"]
    assert problems_of_override(override(1, "replace", utc(2026, 1, 1), utc(2026, 1, 2), who=DAN)) == {}


def test_a_window_has_a_length():
    with pytest.raises(ValueError, match="ends later"):
        window(utc(2026, 1, 2), utc(2026, 1, 2))


def test_names_of_a_gap():
    assert names(gaps(schedule(), JANUARY)[0]) == "-"
