"""What holds of every schedule: shifts tile, an instant agrees with the window it lies in, and an edit stays where it is made."""

import zoneinfo
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from oncall.rota import conflicts
from oncall.rota.calendar import instant_of, wall_at, window
from oncall.rota.difference import difference
from oncall.rota.fairness import fairness
from oncall.rota.resolve import gaps, next_on_call, on_call, shifts, standing
from oncall.rota.schedule import Absence, Kind, Members
from oncall.rota.turns import first_turn_from, hand_off
from oncall.rota.words import reason
from tests.oncall.rota_by_minute import agree_with_the_notebook
from tests.oncall.rota_drawn import DAY, HOUR, MINUTE, PEOPLE, Drawing, a_schedule

ZONES = sorted(zoneinfo.available_timezones())
YEARS = datetime(2024, 1, 1, tzinfo=UTC)

minutes = st.integers(0, 13 * 365 * 24 * 60)
randoms = st.randoms(use_true_random=False)


@st.composite
def drawn(draw, half=2 * DAY):
    """A schedule of any zone, the window it was drawn for, and the source of further draws."""
    near, random = YEARS + draw(minutes) * MINUTE, draw(randoms)
    held = window(near - half, near + half)
    return a_schedule(random, draw(st.sampled_from(ZONES)), *held, near), held, random


@given(drawn())
def test_shifts_tile_the_window_and_neighbours_differ(case):
    schedule, held, _ = case
    found = shifts(schedule, held)
    assert (found[0].start, found[-1].end) == held
    assert all(one.end == two.start and one.on_call != two.on_call for one, two in pairwise(found))
    assert all(one.start < one.end for one in found)
    assert gaps(schedule, held) == [one for one in found if not one.on_call]
    assert all(len(set(one.people)) == len(one.people) for one in found)


@given(drawn(), st.lists(st.integers(0, 4 * 24 * 60 - 1), min_size=1, max_size=12))
def test_an_instant_agrees_with_the_window_and_says_why(case, offsets):
    schedule, held, _ = case
    found = shifts(schedule, held)
    for at in [held.start + offset * MINUTE for offset in offsets] + [one.start for one in found]:
        shift = next(one for one in found if one.start <= at < one.end)
        assert on_call(schedule, at).on_call == shift.on_call
        assert standing(schedule, at).end >= min(shift.end, held.end)
        said = reason(schedule, at)
        assert said.startswith("Nobody: ") if shift.is_gap else all(one.name in said for one in shift.people)


@given(drawn(), st.integers(1, 4 * 24 * 60 - 1))
def test_a_window_cut_anywhere_and_joined_is_the_window(case, offset):
    schedule, held, _ = case
    cut = held.start + offset * MINUTE
    left, right = shifts(schedule, window(held.start, cut)), shifts(schedule, window(cut, held.end))
    if left[-1].on_call == right[0].on_call:
        left, right = [*left[:-1], left[-1]._replace(end=right[0].end)], right[1:]
    assert left + right == shifts(schedule, held)


@given(drawn())
def test_an_override_changes_nothing_outside_itself_and_wins_inside(case):
    schedule, held, random = case
    made = replace(Drawing(random, schedule.zone, *held, held.start + DAY).override(99, "primary"), number=99)
    after = replace(schedule, overrides=(*schedule.overrides, made))
    for change in difference(schedule, after, held):
        assert made.start <= change.start
        assert change.end <= made.end
    for shift in shifts(after, held):
        if shift.start < made.end and shift.end > made.start:
            assert made.who is None or (made.kind is Kind.REPLACE and made.whom) or made.who in shift.people
            assert made.whom is None or made.whom not in shift.people
    assert difference(after, schedule, held) == [
        replace(change, before=change.after, after=change.before) for change in difference(schedule, after, held)
    ]


@given(drawn(), randoms)
def test_a_change_of_members_changes_nothing_before_the_next_hand_off(case, random):
    schedule, held, _ = case
    for old in schedule.layers:
        since = held.start + random.randint(0, 4 * 24 * 60) * MINUTE
        new = replace(old, members=(*old.members, Members(tuple(random.sample(PEOPLE, 3)), since)))
        after = replace(schedule, layers=tuple(new if one is old else one for one in schedule.layers))
        zone = zoneinfo.ZoneInfo(old.zone)
        hands_over = hand_off(old, first_turn_from(old, since, zone), zone)
        assert all(change.start >= hands_over for change in difference(schedule, after, held))


@given(drawn(), randoms)
def test_at_once_a_change_of_members_changes_nothing_before_it_and_keeps_a_holder_who_stays(case, random):
    schedule, held, _ = case
    for old in schedule.layers:
        since = held.start + random.randint(0, 4 * 24 * 60) * MINUTE
        on = on_call(replace(schedule, layers=(replace(old, restrictions=()),), overrides=()), since, old.role).people
        stay = tuple({*random.sample(PEOPLE, 2), *on})
        new = replace(old, members=(*old.members, Members(stay, since, at_once=True)))
        after = replace(schedule, layers=tuple(new if one is old else one for one in schedule.layers))
        zone = zoneinfo.ZoneInfo(old.zone)
        hands_over = hand_off(old, first_turn_from(old, since, zone), zone)
        bound = hands_over if on else since
        assert all(change.start >= bound for change in difference(schedule, after, held))


@given(drawn(), st.integers(2, 6), st.integers(0, 400))
def test_turns_are_shared_evenly_over_every_full_cycle(case, people, first):
    schedule, _, _ = case
    for layer in schedule.layers:
        zone = zoneinfo.ZoneInfo(layer.zone)
        start, end = (hand_off(layer, first + turns, zone) for turns in (0, people))
        members = (Members(tuple(replace(PEOPLE[0], id=str(number)) for number in range(people))),)
        alone = replace(layer, members=members, restrictions=(), since=None, until=None)
        if start < end:
            told = [
                one.on_call[0]
                for one in shifts(replace(schedule, layers=(alone,), overrides=()), window(start, end), layer.role)
            ]
            assert [one.turn.number for one in told] == sorted({one.turn.number for one in told})
            assert len({one.person.id for one in told}) == len(told)


@given(drawn(), st.integers(1, 4 * 24 * 60 - 1))
def test_loads_of_adjoining_windows_add_up_and_hours_are_those_of_the_shifts(case, offset):
    schedule, held, _ = case
    cut = held.start + offset * MINUTE
    whole = fairness(schedule, held)
    parts = [*fairness(schedule, window(held.start, cut)), *fairness(schedule, window(cut, held.end))]
    for load in whole:
        mine = [one for one in parts if one.person == load.person]
        assert sum((one.length for one in mine), timedelta(0)) == load.length
        assert (sum(one.nights for one in mine), sum(one.weekends for one in mine)) == (load.nights, load.weekends)
    lengths = [(one.end - one.start) * len(one.people) for one in shifts(schedule, held)]
    assert sum((load.length for load in whole), timedelta(0)) == sum(lengths, timedelta(0))


@given(drawn(), st.integers(0, 4 * 24 * 60), st.integers(1, 3000))
def test_an_absence_meets_the_shifts_of_that_person_and_no_others(case, offset, length):
    schedule, held, _ = case
    away = Absence("a", PEOPLE[0], held.start + offset * MINUTE, held.start + (offset + length) * MINUTE)
    found = [one for one in conflicts.absent(schedule, held, [away]) if one.roles == ("primary",)]
    for shift in shifts(schedule, held):
        both = min(shift.end, away.end) - max(shift.start, away.start)
        if PEOPLE[0] in shift.people and both > timedelta(0):
            assert any(
                one.start <= max(shift.start, away.start) and one.end >= min(shift.end, away.end) for one in found
            )
    assert all(PEOPLE[0] in on_call(schedule, one.start).people for one in found)


@given(drawn())
def test_who_is_next_was_not_on_call_and_nobody_else_came_before(case):
    schedule, held, _ = case
    now, following = set(on_call(schedule, held.start).people), next_on_call(schedule, held.start)
    if following:
        assert set(following.people) - now
        assert set(on_call(schedule, following.start).people) == set(following.people)
    for shift in shifts(schedule, held):
        if following is None or shift.start < following.start:
            assert now.issuperset(shift.people)


@given(st.sampled_from(ZONES), minutes, st.lists(st.integers(-4_000, 4_000), min_size=2, max_size=8))
def test_later_times_on_the_wall_never_come_earlier_and_the_wall_shows_them_when_they_come(name, minute, offsets):
    zone = zoneinfo.ZoneInfo(name)
    wall = wall_at(YEARS + minute * MINUTE, zone)
    walls = sorted(wall + offset * MINUTE for offset in offsets)
    came = [instant_of(one, zone) for one in walls]
    assert came == sorted(came)
    assert all(wall_at(at, zone) >= one > wall_at(at - MINUTE, zone) for at, one in zip(came, walls, strict=True))


@given(drawn(half=20 * HOUR))
def test_any_schedule_of_any_zone_is_what_a_notebook_says_minute_by_minute(case):
    schedule, held, _ = case
    agree_with_the_notebook(schedule, held)
