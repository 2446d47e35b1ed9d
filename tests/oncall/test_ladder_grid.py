"""Over which channels a policy reaches people, and in which minute: never more than the engine would do."""

from datetime import timedelta

import pytest

from oncall.escalation.apply import plan_batch
from oncall.escalation.services import start
from oncall.ladder_grid import Call, by_channel
from oncall.ladders import channels_of
from oncall.models import Page
from oncall.subject import Subject
from tests import builders
from tests.builders import NIGHT


def test_a_cell_counts_each_person_once_and_says_when():
    calls = {
        "high": [Call("sms", "a", 0), Call("sms", "a", 300), Call("sms", "b", 300), Call("email", "a", 0)],
        "low": [],
    }
    rows = dict(by_channel(calls, ("email", "sms", "voice")))
    assert [(cell.people, cell.moments, cell.first_s) for cell in rows["sms"]] == [
        (2, ((0, 1), (300, 2)), 0),
        (0, (), None),
    ]
    assert list(rows) == ["email", "sms", "voice"]
    assert rows["voice"][0].first_s is None


@pytest.mark.django_db
def test_it_is_what_the_planner_then_does():
    builders.organisation()
    team = builders.team()
    ana, ben = builders.person("Ana", team=team, phone="+447700900001"), builders.person("Ben", team=team)
    mail, phone = ana.contact_methods.order_by("kind")
    builders.contact_rules(ana, (mail, 0), (phone, 60))
    policy = builders.policy(ana, ben, team=team)
    told = {
        (channel, at, number) for channel, cells in channels_of(policy, begins=NIGHT) for at, number in cells[0].moments
    }
    start(Subject("incident", "INC-2026-0001", "", 1, "high", "Down", "https://x/"), policy, now=NIGHT)
    for minute in range(6):
        plan_batch(now=NIGHT + timedelta(minutes=minute))
    done = {(page.kind, int((page.due_at - NIGHT).total_seconds()), 1) for page in Page.objects.filter(origin="step")}
    assert told == done == {("email", 0, 1), ("sms", 60, 1), ("email", 300, 1)}
