"""Two people move one swap at the same instant, on PostgreSQL: one result, and the other is told where it stands."""

from datetime import timedelta

import pytest

from ledger.models import Entry
from oncall.models import OnCallInterval, Override, Swap
from oncall.rota.problems import ScheduleError
from oncall.rota.swaps import IllegalMove
from oncall.services.swaps import accept_swap, close_swap, expire_due, offer_swap, request_swap
from oncall.ticks import duty
from tests import builders
from tests.builders import NIGHT
from tests.monitors.test_two_workers_race import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)
START = NIGHT + 48 * HOUR


@pytest.fixture
def cast(db):
    team = builders.team()
    people = [builders.person(name, team=team) for name in ("Ana", "Ben", "Cid", "Dan")]
    return people, builders.schedule(*people, team=team)


def attempt(work):
    """The work, and whether it was done or refused in a sentence."""

    def run():
        try:
            work()
        except (IllegalMove, ScheduleError) as refused:
            return str(refused)
        return "done"

    return run


def asked(cast, **more):
    people, schedule = cast
    return request_swap(schedule, giver=people[0], start_at=START, end_at=START + HOUR, by=people[0], now=NIGHT, **more)


def test_of_three_who_offer_one_is_taken(cast):
    people, _ = cast
    swap = asked(cast)
    at_once(*[attempt(lambda one=one: offer_swap(swap, taker=one, by=one, now=NIGHT)) for one in people[1:]])
    swap.refresh_from_db()
    assert swap.state == "offered" and swap.taker in people[1:]
    assert Entry.objects.filter(kind="oncall.swap_offered").count() == 1


def test_accepted_four_times_it_is_done_once(cast):
    people, _ = cast
    swap = offer_swap(asked(cast), taker=people[1], by=people[1], now=NIGHT)
    at_once(*[attempt(lambda: accept_swap(swap, by=people[0], now=NIGHT))] * 4)
    assert (Override.objects.count(), Entry.objects.filter(kind="oncall.swap_done").count()) == (1, 1)


def test_accepted_withdrawn_and_late_at_once_it_is_one_of_them(cast):
    people, _schedule = cast
    swap = offer_swap(asked(cast), taker=people[1], by=people[1], now=NIGHT)
    at_once(
        attempt(lambda: accept_swap(swap, by=people[0], now=START - HOUR)),
        attempt(lambda: close_swap(swap, "withdraw", by=people[0], now=START - HOUR)),
        lambda: expire_due(START),
        lambda: duty(START + 2 * HOUR),
    )
    swap.refresh_from_db()
    assert swap.state in ("done", "withdrawn", "expired")
    assert Override.objects.count() == (swap.state == "done")
    duty(START + 2 * HOUR)
    assert OnCallInterval.objects.filter(ended_at__isnull=True).count() == 1


def test_one_stretch_asked_for_twice_at_once_is_asked_for_once(cast):
    at_once(*[attempt(lambda: asked(cast))] * 3)
    assert Swap.objects.count() == 1
