"""Many ticks and edits at the same instant, on PostgreSQL: each change of who is on call is on record once."""

from datetime import timedelta
from itertools import pairwise

import pytest

from ledger.models import Entry
from oncall.models import OnCallInterval, Override
from oncall.services.overrides import make_override
from oncall.services.schedules import set_members
from oncall.ticks import duty
from tests import builders
from tests.builders import NIGHT, REASON
from tests.monitors.test_two_workers_race import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

LATER = NIGHT + timedelta(days=30)


@pytest.fixture
def cast(db):
    team = builders.team()
    people = [builders.person(name, team=team) for name in ("Ana", "Ben", "Cid")]
    return people, builders.schedule(*people, team=team)


def test_ticks_that_find_one_change_write_it_once(cast):
    at_once(*[lambda: duty(LATER)] * 4)
    rows = list(OnCallInterval.objects.order_by("started_at"))
    assert len(rows) == 5
    assert all(one.ended_at == two.started_at for one, two in pairwise(rows))
    assert Entry.objects.filter(kind="oncall.changed").count() == 5


def test_overrides_made_at_once_have_numbers_of_their_own_and_leave_one_answer(cast):
    people, schedule = cast

    def take(person):
        return make_override(
            schedule, kind="replace", end_at=LATER + timedelta(days=1), by=person, who=person, now=LATER, reason=REASON
        )

    at_once(*[lambda person=person: take(person) for person in people], lambda: duty(LATER))
    last = Override.objects.order_by("-number").first()
    assert sorted(Override.objects.values_list("number", flat=True)) == [1, 2, 3]
    assert OnCallInterval.objects.get(ended_at=None).person == last.who


def test_an_edit_and_a_tick_do_not_lose_each_other(cast):
    people, schedule = cast
    layer = schedule.layers.get()
    at_once(
        lambda: set_members(layer, people=[people[0].public_id], now=LATER, reason=REASON),
        lambda: duty(LATER + timedelta(days=60)),
    )
    duty(LATER + timedelta(days=60))
    rows = list(OnCallInterval.objects.order_by("started_at", "pk"))
    assert all(one.ended_at == two.started_at for one, two in pairwise(rows))
