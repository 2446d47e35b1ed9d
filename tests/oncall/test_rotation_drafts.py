"""A draft of a rotation promises what keeping it does, and never moves who is on call by accident."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.tracked import StaleVersion
from oncall.models import LayerMembers, Schedule
from oncall.rota.calendar import Window
from oncall.rota.draft import DRAFT, Effect, Wish, decide, drafted, ended, same_rhythm
from oncall.rota.resolve import on_call, shifts
from oncall.rota.schedule import Hours, Members, Rotation, Unit
from oncall.rotations import next_hand_off, rotation_of
from oncall.schedules import person_value, planned
from oncall.services.rotations import edit_rotation, end_rotation
from oncall.services.schedules import add_layer
from tests import builders
from tests.builders import NIGHT, REASON
from tests.oncall.rota_cast import ANA, BEN, BERLIN, CID, DAILY, DAN, MONDAY, WEEKLY, layer, schedule, utc, wall, who

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
NOW = NIGHT + timedelta(hours=1)
TUESDAY = utc(2026, 1, 13, 12)  # in Ben's week, which ends on the 19th
HAND_OFF = utc(2026, 1, 19, 8)
DAYTIME = (Hours(wall(2026, 1, 1, 9).time(), wall(2026, 1, 1, 17).time()),)


def wish_of(one, **changes):
    return replace(
        Wish(one.name, one.order, one.members[0].people, one.rotation, one.start, one.zone, one.restrictions), **changes
    )


def drafted_with(one, effect=Effect.HAND_OFF, at=HAND_OFF, **changes):
    return drafted(schedule(one), decide(one, wish_of(one, **changes), effect, at, TUESDAY))


def test_a_member_who_joins_takes_their_turn_after_the_running_one():
    after = drafted_with(layer(ANA, BEN, CID), people=(ANA, BEN, CID, DAN))
    assert who(after, 2026, 1, 13, 12) == "Ben"
    assert [who(after, 2026, 1, day) for day in (20, 27)] == ["Cid", "Dan"]


def test_who_leaves_now_hands_over_now_and_who_leaves_later_keeps_the_week():
    one = layer(ANA, BEN, CID)
    assert who(drafted_with(one, Effect.NOW, TUESDAY, people=(ANA, CID)), 2026, 1, 14) == "Cid"
    assert who(drafted_with(one, people=(ANA, CID)), 2026, 1, 14) == "Ben"


def test_a_list_from_a_date_on_counts_from_the_first_hand_off_then():
    after = drafted_with(layer(ANA, BEN), Effect.DATE, utc(2026, 1, 22), people=(CID, DAN))
    assert [who(after, 2026, 1, day) for day in (20, 27)] == ["Ana", "Cid"]


def test_another_rhythm_is_another_layer_in_which_the_order_goes_on():
    after = drafted_with(layer(ANA, BEN, CID), rotation=DAILY, start=wall(2026, 1, 19, 9))
    assert len(after.layers) == 2
    assert [who(after, 2026, 1, day, 12) for day in (18, 19, 20, 21, 22)] == ["Ben", "Cid", "Ana", "Ben", "Cid"]


def test_another_rhythm_now_leaves_the_person_who_has_the_turn():
    after = drafted_with(layer(ANA, BEN, CID), Effect.NOW, TUESDAY, rotation=DAILY)
    assert [who(after, 2026, 1, 13, 13), who(after, 2026, 1, 14, 12)] == ["Ben", "Cid"]


def test_a_first_hand_off_to_come_is_awaited_by_the_old_layer():
    after = drafted_with(layer(ANA, BEN), rotation=DAILY, start=wall(2026, 1, 21, 9))
    assert all(not shift.is_gap for shift in shifts(after, Window(TUESDAY, TUESDAY + 4 * WEEK)))


def test_hours_now_change_the_layer_and_hours_later_make_another_with_the_same_turns():
    one = layer(ANA, BEN, CID)
    now = decide(one, wish_of(one, restrictions=DAYTIME), Effect.NOW, TUESDAY, TUESDAY)
    assert (now.hours, now.successor) == (True, None)
    later = drafted_with(one, restrictions=DAYTIME)
    assert who(later, 2026, 1, 14, 3) == "Ben"
    assert [who(later, 2026, 1, day, 12) for day in (20, 27)] == ["Cid", "Ana"]
    assert who(later, 2026, 1, 20, 3) == "-"


def test_a_hand_off_of_another_week_is_the_same_rhythm_and_of_another_day_is_not():
    one = layer(ANA, BEN)
    assert same_rhythm(one, wish_of(one, start=wall(2026, 3, 30, 9)))
    assert not same_rhythm(one, wish_of(one, start=wall(2026, 3, 31, 9)))
    cycle = layer(ANA, BEN, rotation=Rotation(Unit.DAYS, (4, 3)))
    assert not same_rhythm(cycle, wish_of(cycle, start=MONDAY + 4 * DAY))
    assert same_rhythm(cycle, wish_of(cycle, start=MONDAY + 7 * DAY))


def test_a_layer_that_ends_leaves_a_hole_and_one_that_has_not_begun_is_gone():
    one = layer(ANA, since=utc(2026, 2, 2, 8))
    assert ended(schedule(one), one.id, TUESDAY).layers == ()
    gone = ended(schedule(layer(ANA)), "primary-1", HAND_OFF)
    assert (who(gone, 2026, 1, 19, 7), who(gone, 2026, 1, 19, 8)) == ("Ana", "-")


CAST = [ANA, BEN, CID, DAN]
ROTATIONS = [WEEKLY, DAILY, Rotation(Unit.HOURS, (12,)), Rotation(Unit.DAYS, (4, 3)), Rotation(Unit.MONTHS, (1,))]


@given(
    old=st.sampled_from(ROTATIONS),
    new=st.sampled_from(ROTATIONS),
    people=st.lists(st.sampled_from(CAST), min_size=1, unique=True),
    wanted=st.permutations(CAST),
    hours=st.integers(0, 24 * 120),
    shift=st.integers(0, 24 * 7),
)
def test_whoever_is_on_call_when_a_new_rhythm_begins_stays_if_they_are_in_the_list(
    old, new, people, wanted, hours, shift
):
    one = layer(*people, rotation=old, start=wall(2026, 1, 5, 9))
    at = utc(2026, 1, 6) + hours * timedelta(hours=1)
    wish = wish_of(one, people=tuple(wanted), rotation=new, start=wall(2026, 1, 5, 9) + shift * timedelta(hours=1))
    edit = decide(one, wish, Effect.DATE, at, utc(2026, 1, 6))
    if edit.successor is None:
        return
    before, after = schedule(one), drafted(schedule(one), edit)
    assert on_call(after, edit.at).people == on_call(before, edit.at).people
    assert set(edit.successor.members[0].people) == set(wanted)
    within = Window(edit.at, edit.at + 200 * DAY)
    assert {person for found in shifts(after, within) for person in found.people} <= set(wanted)
    assert next(iter(edit.successor.members)).since is None


# ---- kept


@pytest.fixture
def shop(db):
    team = builders.team()
    cast = [builders.person(name, team=team) for name in ("Ana", "Ben", "Cid", "Dan")]
    made = builders.schedule(*cast[:3], team=team)
    made.cast = [person_value(one) for one in cast]
    return made


def held(shop):
    row = shop.layers.get()
    return row, rotation_of(row, list(LayerMembers.objects.filter(layer=row)), now=NOW).layer


def told(plan):
    """Who is on call in the next twenty weeks, whatever the ids of layers are."""
    return [(one.start, one.end, one.people) for one in shifts(plan, Window(NOW + DAY / 24, NOW + 20 * WEEK))]


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize(
    "changes",
    [
        {"people": (3, 0)},
        {"people": (2, 1, 0), "name": "Renamed"},
        {"restrictions": DAYTIME},
        {"rotation": DAILY},
        {"people": (0, 3), "restrictions": DAYTIME},
        {"rotation": Rotation(Unit.DAYS, (4, 3)), "zone": "America/Toronto", "people": (1, 2)},
    ],
    ids=["members", "order and name", "hours", "rhythm", "members and hours", "all of it"],
)
def test_what_is_kept_is_what_was_shown(shop, changes, effect):
    row, one = held(shop)
    people = changes.get("people")
    given_ = {**changes, "people": tuple(shop.cast[n] for n in people)} if people else changes
    at = {Effect.NOW: NOW, Effect.HAND_OFF: next_hand_off(one, NOW), Effect.DATE: NOW + 11 * DAY}[effect]
    edit = decide(one, wish_of(one, **given_), effect, at, NOW)
    shown = drafted(planned(shop, NOW), edit)
    edit_rotation(row, edit, now=NOW, reason=REASON, expected_version=shop.version)
    shop.refresh_from_db()
    assert told(planned(shop, NOW)) == told(shown)
    assert shop.version > 2


def test_a_layer_that_has_not_begun_is_edited_by_taking_it_back(shop):
    add_layer(
        shop, name="Later", zone=BERLIN, unit="days", lengths=[1], starts="2026-05-04T09:00", role="secondary",
        people=[shop.cast[0].id], since=NOW + 8 * WEEK, now=NOW, reason=REASON,
    )  # fmt: skip
    row = shop.layers.get(name="Later")
    one = rotation_of(row, list(LayerMembers.objects.filter(layer=row)), now=NOW).layer
    edit = decide(one, wish_of(one, rotation=WEEKLY), Effect.NOW, NOW, NOW)
    shown = drafted(planned(shop, NOW), edit)
    edit_rotation(row, edit, now=NOW, reason=REASON)
    row.refresh_from_db()
    assert row.retired_at is not None
    assert told(planned(shop, NOW)) == told(shown)


def test_an_edit_of_a_version_that_is_gone_keeps_nothing(shop):
    row, one = held(shop)
    edit = decide(one, wish_of(one, rotation=DAILY), Effect.NOW, NOW, NOW)
    with pytest.raises(StaleVersion):
        edit_rotation(row, edit, now=NOW, reason=REASON, expected_version=1)
    assert Schedule.objects.get(pk=shop.pk).version == shop.version
    assert shop.layers.count() == 1


def test_a_rotation_ends_at_a_hand_off(shop):
    row, one = held(shop)
    end_rotation(row, next_hand_off(one, NOW), now=NOW, reason=REASON)
    assert told(planned(shop, NOW)) == told(ended(planned(shop, NOW), row.public_id, next_hand_off(one, NOW)))
    assert DRAFT not in {each.id for each in planned(shop, NOW).layers}
    assert isinstance(one.members[0], Members)
    assert ZoneInfo(one.zone).key == BERLIN
