"""Engines, answers and admins at the same instant, on PostgreSQL: one canary a day, and one end of each exercise."""

from datetime import timedelta

import pytest

from ledger.models import Entry
from oncall.escalation.states import STOPPED
from oncall.models import Canary, Exercise, Page, Run
from oncall.services.exercises import ExerciseRefused, answered, begin_due_canary, close_due, start_drill
from oncall.ticks import plan
from tests import builders
from tests.builders import NIGHT
from tests.monitors.test_two_workers_race import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TEN = NIGHT.replace(hour=10)


@pytest.fixture
def cast(db):
    builders.organisation()
    team = builders.team()
    people = [builders.person(name, team=team, phone=f"+44770090000{n}") for n, name in enumerate(("Ana", "Ben"))]
    return people, builders.policy(people, team=team)


def ends():
    return Entry.objects.filter(kind="exercise.ended").count()


def test_four_engines_send_the_canary_of_a_day_once(cast):
    (ana, _), _ = cast
    builders.canary(ana)
    at_once(*[lambda: begin_due_canary(now=TEN)] * 4)
    assert Exercise.objects.count() == Run.objects.count() == 1
    assert Canary.objects.count() == 1


def test_two_people_ask_for_a_drill_and_one_is_held(cast):
    people, policy = cast
    refused = []

    def ask(person):
        try:
            start_drill(policy, by=person, now=TEN)
        except ExerciseRefused:
            refused.append(person)

    at_once(*[lambda person=person: ask(person) for person in people])
    assert Exercise.objects.count() == Run.objects.count() == 1
    assert len(refused) == 1


def test_answers_and_the_end_of_its_time_leave_one_end(cast):
    people, policy = cast
    start_drill(policy, by=people[0], now=TEN)
    plan(TEN)
    pages = list(Page.objects.select_related("run", "person").order_by("pk"))
    late = TEN + timedelta(hours=2)
    at_once(*[lambda page=page: answered(page, "sms", now=late) for page in pages], lambda: close_due(now=late))
    held, run = Exercise.objects.get(), Run.objects.get()
    assert ends() == 1
    assert run.state == STOPPED
    assert held.answered_by is not None
    assert held.outcome in ("confirmed", "missed")
    assert Page.objects.filter(confirmed_at=late).count() == len(pages)
