"""Who was on call is a fact: written at each change, whatever the plan says later, and however late it is looked at."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import DatabaseError, transaction

from ledger.link import link_entries
from ledger.models import Entry, LedgerSubject
from ledger.texts import read
from oncall.models import OnCallInterval
from oncall.services.duty import record_up_to
from oncall.services.overrides import end_override, make_override
from oncall.services.schedules import add_layer, change_layer, retire_schedule, set_members
from oncall.ticks import duty
from tests import builders
from tests.builders import NIGHT, REASON
from tests.oncall.rota_cast import utc

pytestmark = pytest.mark.django_db
MONDAY = utc(2026, 3, 23, 8)  # the second Monday, 09:00 in Berlin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def team(db):
    return builders.team()


@pytest.fixture
def cast(team):
    return [builders.person(name, team=team) for name in ("Ana", "Ben", "Cid", "Dan")]


@pytest.fixture
def shop(team, cast):
    return builders.schedule(*cast[:3], team=team)


def record(schedule=None):
    """(name, start, end) of everything on record, in order; a zero-length answer is left out."""
    rows = OnCallInterval.objects.order_by("started_at", "pk")
    rows = rows.filter(schedule=schedule) if schedule else rows
    return [(name(row), row.started_at, row.ended_at) for row in rows if row.ended_at != row.started_at]


def name(row):
    """The name that is on record, `-` for nobody."""
    return read(row.name_sha256) or "-"


def override(schedule, kind, start, end, *, by, now, **people):
    return make_override(schedule, kind=kind, start_at=start, end_at=end, by=by, now=now, reason=REASON, **people)


def lists(schedule, people, now, **more):
    return set_members(schedule.layers.get(), people=[one.public_id for one in people], now=now, reason=REASON, **more)


def test_from_its_first_layer_on_who_is_on_call_is_on_record(shop):
    row = OnCallInterval.objects.get()
    assert (name(row), row.started_at, row.ended_at) == ("Ana", NIGHT, None)
    assert (row.source, row.turn, row.layer.name, row.role) == ("rotation", 1, "Weekly", "primary")
    assert read(row.why_sha256).startswith("Ana because it is turn 1 of layer 1 (Weekly)")


def test_a_hand_off_ends_one_and_begins_the_next_at_its_own_instant(shop):
    assert duty(MONDAY - HOUR) == 0
    assert duty(MONDAY + timedelta(seconds=2)) == 1
    assert record() == [("Ana", NIGHT, MONDAY), ("Ben", MONDAY, None)]
    assert duty(MONDAY + timedelta(seconds=3)) == 0
    ana, ben = OnCallInterval.objects.order_by("pk")
    assert ana.closed_at == ben.recorded_at == MONDAY + timedelta(seconds=2)


def test_at_the_very_instant_of_a_hand_off_it_is_recorded(shop):
    assert duty(MONDAY) == 1
    assert record()[-1] == ("Ben", MONDAY, None)


def test_after_a_standstill_every_change_is_there_and_says_how_late_it_was_written(shop):
    late = MONDAY + 100 * DAY
    duty(late)
    found = record()
    assert len(found) == 16
    assert all(one[2] == two[1] for one, two in pairwise(found))
    assert [one[0] for one in found[:4]] == ["Ana", "Ben", "Cid", "Ana"]
    assert found[2][1] == utc(2026, 3, 30, 7)  # summer time has begun
    assert set(OnCallInterval.objects.exclude(started_at=NIGHT).values_list("recorded_at", flat=True)) == {late}


def test_a_change_of_the_plan_leaves_what_was_as_it_was(shop, cast):
    """The engine stood for two weeks; then the list changes. The weeks that passed are those of the old list."""
    now = MONDAY + 10 * DAY
    lists(shop, [cast[3]], now)
    assert [one[0] for one in record()] == ["Ana", "Ben", "Cid"]
    duty(now + 7 * DAY)
    assert [one[0] for one in record()] == ["Ana", "Ben", "Cid", "Dan"]


def test_an_edit_never_changes_who_is_on_call_unless_it_is_asked_for(shop, cast):
    lists(shop, cast[2:], NIGHT + HOUR)
    assert record() == [("Ana", NIGHT, None)]
    lists(shop, cast[2:], NIGHT + 2 * HOUR, at_once=True)
    assert record() == [("Ana", NIGHT, NIGHT + 2 * HOUR), ("Cid", NIGHT + 2 * HOUR, None)]


def test_an_override_begins_and_ends_with_its_own_reason(shop, cast):
    start, end = NIGHT + DAY, NIGHT + 2 * DAY
    made = override(shop, "replace", start, end, by=cast[1], now=NIGHT + HOUR, who=cast[3], whom=cast[0])
    duty(start)
    row = OnCallInterval.objects.get(ended_at=None)
    assert (row.source, row.override, row.turn) == ("override", made, 1)
    assert read(row.why_sha256) == "Dan because override #1 by Ben replaces Ana in layer 1 (Weekly)"
    duty(end)
    assert record() == [("Ana", NIGHT, start), ("Dan", start, end), ("Ana", end, None)]


def test_an_override_from_now_on_that_ends_early_is_recorded_without_a_tick(shop, cast):
    made = override(shop, "add", None, NIGHT + DAY, by=cast[1], now=NIGHT + HOUR, who=cast[3])
    assert {one[0] for one in record() if one[2] is None} == {"Ana", "Dan"}
    end_override(made, now=NIGHT + 2 * HOUR, reason=REASON)
    assert record() == [("Ana", NIGHT, None), ("Dan", NIGHT + HOUR, NIGHT + 2 * HOUR)]


def test_nobody_on_call_is_on_record_with_the_cause(team, cast):
    office = [{"starts": "09:00", "ends": "17:00", "days": [0, 1, 2, 3, 4]}]
    builders.schedule(cast[0], team=team, restrictions=office)
    row = OnCallInterval.objects.get()
    assert (row.person, name(row), row.source, row.cause) == (None, "-", "nobody", "outside_hours")
    assert read(row.why_sha256) == "Nobody: layer 1 (Weekly) is outside its hours"
    duty(NIGHT + 6 * HOUR)
    assert [one[0] for one in record()] == ["-", "Ana"]


def test_roles_are_recorded_each_by_itself(shop, cast):
    add_layer(
        shop, name="Backup", role="secondary", zone="UTC", unit="weeks", lengths=[1], starts="2026-03-16T09:00",
        people=[cast[3].public_id], now=NIGHT + HOUR, reason=REASON,
    )  # fmt: skip
    assert [(row.role, name(row)) for row in OnCallInterval.objects.order_by("pk")] == [
        ("primary", "Ana"), ("secondary", "Dan"),
    ]  # fmt: skip


def test_a_layer_that_ends_leaves_a_gap(shop):
    change_layer(shop.layers.get(), {"until": NIGHT + DAY}, now=NIGHT + HOUR, reason=REASON)
    duty(NIGHT + 3 * DAY)
    duty(NIGHT + 9 * DAY)
    assert record() == [("Ana", NIGHT, NIGHT + DAY), ("-", NIGHT + DAY, None)]


def test_a_schedule_out_of_force_has_nobody_on_call_and_keeps_its_record(shop):
    retire_schedule(shop, now=MONDAY + HOUR, reason=REASON)
    assert record() == [("Ana", NIGHT, MONDAY), ("Ben", MONDAY, MONDAY + HOUR)]
    assert duty(MONDAY + 20 * DAY) == 0


def test_a_name_stays_as_it_was(shop, cast):
    cast[0].name = "Ana Duarte"
    cast[0].save(now=NIGHT + HOUR, reason="Married")
    assert name(OnCallInterval.objects.get()) == "Ana"


def test_what_is_on_record_cannot_be_changed(shop):
    duty(MONDAY)
    ana = OnCallInterval.objects.order_by("pk").first()
    for change in ({"started_at": NIGHT - DAY}, {"ended_at": MONDAY + DAY}, {"name_sha256": "0" * 64}, {"turn": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            OnCallInterval.objects.filter(pk=ana.pk).update(**change)


def test_each_change_is_one_line_of_the_ledger_that_names_what_ended_and_what_began(shop):
    duty(MONDAY)
    link_entries()
    ana, ben = OnCallInterval.objects.order_by("pk")
    last = Entry.objects.filter(kind="oncall.changed").order_by("-pk").first()
    subjects = set(LedgerSubject.objects.filter(entry=last).values_list("kind", "object_id"))
    assert subjects == {("schedule", shop.public_id), *(("oncallinterval", row.public_id) for row in (ana, ben))}
    assert "Ana" not in last.line
    assert Entry.objects.filter(kind="oncall.changed").count() == 2


def test_if_the_clock_goes_back_what_is_on_record_stays_and_an_edit_counts_from_its_end(shop, cast):
    end = MONDAY + HOUR
    duty(end)
    assert record() == [("Ana", NIGHT, MONDAY), ("Ben", MONDAY, None)]
    lists(shop, [cast[3]], MONDAY)
    assert record() == [("Ana", NIGHT, MONDAY), ("Ben", MONDAY, end), ("Dan", end, None)]
    assert duty(MONDAY) == 0


@pytest.mark.parametrize("seed", range(6))
def test_looking_often_or_never_makes_no_difference(team, cast, seed):
    """Two schedules with the same edits: one is looked at every few hours, the other by its edits alone."""
    often, seldom = (builders.schedule(*cast[:3], name=name, team=team, unit="hours", lengths=[8]) for name in "ab")
    dice, now = random.Random(seed), NIGHT
    for _ in range(8):
        until = now + dice.randint(1, 90) * HOUR / 2
        while now < until:
            now += HOUR * 3
            record_up_to(often, now)
        who, whom = dice.sample(cast, 2)
        edit, people = dice.choice(("list", "at_once", "override", "remove")), dice.sample(cast, dice.randint(0, 4))
        for held in (often, seldom):
            if edit == "override":
                override(held, "replace", None, now + 7 * HOUR, by=who, now=now, who=who, whom=None)
            elif edit == "remove":
                override(held, "remove", now + HOUR, now + 9 * HOUR, by=who, now=now, whom=whom)
            else:
                lists(held, people, now, at_once=edit == "at_once")
    for held in (often, seldom):
        record_up_to(held, now + DAY)
    assert record(often) == record(seldom)
    tiles(often)


def tiles(schedule):
    """Nobody's intervals lie between those of others, and there is no instant without an answer."""
    rows = [one for one in record(schedule) if one[2]]
    for _, _, end in rows:
        assert any(start <= end and (until is None or until > end) for _, start, until in record(schedule))
