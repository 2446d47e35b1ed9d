"""Keeping policies: what is refused, what is recorded, what screens are told."""

import pytest

from ledger.models import Entry
from ledger.tracked import StaleVersion
from oncall import policy_uses
from oncall.escalation.policy import PolicyError
from oncall.ladders import ladder_of
from oncall.models import CatchAll, Policy
from oncall.queries import policies_in_force, policies_naming
from oncall.services import NameTaken, change_catch_all, change_policy, create_policy, retire_policy
from tests import builders
from tests.builders import NIGHT

pytestmark = pytest.mark.django_db
ANA, BEN = "+447700900001", "+447700900002"


@pytest.fixture
def team():
    return builders.team()


@pytest.fixture
def ana(team):
    return builders.person("Ana Duarte", team=team, phone=ANA)


@pytest.fixture
def ben(team):
    return builders.person("Ben Okafor", team=team, mail=False)


def test_a_policy_is_kept_with_a_version_and_an_entry(team, ana):
    policy = builders.policy(ana, team=team)
    assert (policy.version, policy.public_id[:4]) == (1, "pol_")
    assert Entry.objects.filter(kind="config.policy.created", line__contains=policy.public_id).exists()


@pytest.mark.parametrize("people", [["usr_nobody"], []])
def test_a_policy_that_pages_nobody_is_refused(team, people):
    with pytest.raises(PolicyError) as caught:
        create_policy(name="x", team=team, repeat=0, steps=[{"delay_s": 60, "people": people}], now=NIGHT, reason="x")
    assert list(caught.value.problems) == ["steps.0.people"]
    assert Policy.objects.count() == 0


def test_somebody_deactivated_is_refused(team, ben):
    ben.is_active = False
    ben.save(now=NIGHT, reason="Left")
    with pytest.raises(PolicyError):
        builders.policy(ben, team=team)


def test_a_name_is_taken_while_its_policy_is_in_force(team, ana):
    first = builders.policy(ana, team=team, name="Critical")
    with pytest.raises(NameTaken):
        builders.policy(ana, team=team, name="critical")
    retire_policy(first, now=NIGHT, reason="Merged")
    assert builders.policy(ana, team=team, name="Critical").pk != first.pk
    assert first not in policies_in_force()


def test_a_change_needs_the_version_its_author_saw(team, ana, ben):
    policy = builders.policy(ana, team=team)
    steps = [{"delay_s": 60, "people": [ben.public_id]}]
    change = {"name": policy.name, "team": team, "repeat": 1, "steps": steps, "now": NIGHT, "reason": "Ben takes over"}
    change_policy(policy, **change, expected_version=1)
    assert (policy.version, policy.frozen().repeat) == (2, 1)
    with pytest.raises(StaleVersion):
        change_policy(Policy.objects.get(pk=policy.pk), **{**change, "repeat": 3}, expected_version=1)


def test_a_refused_change_leaves_the_policy_as_it_was(team, ana):
    policy = builders.policy(ana, team=team)
    with pytest.raises(PolicyError):
        change_policy(policy, name="Other", team=team, repeat=99, steps=policy.steps, now=NIGHT, reason="x")
    assert policy.name == "Checkout critical"


def test_a_policy_something_leads_to_is_not_retired(team, ana, monkeypatch):
    policy = builders.policy(ana, team=team)
    monkeypatch.setattr(policy_uses, "_askers", [lambda asked: ["the route of Checkout"] if asked == policy else []])
    with pytest.raises(PolicyError, match="the route of Checkout"):
        retire_policy(policy, now=NIGHT, reason="x")


def test_the_catch_all_is_one_and_tracked(ana, ben):
    assert CatchAll.current().people == []
    change_catch_all(people=[ana.public_id, ben.public_id, ana.public_id], now=NIGHT, reason="First")
    change_catch_all(people=[ben.public_id], now=NIGHT, reason="Ana left", expected_version=1)
    assert (CatchAll.objects.count(), CatchAll.current().people, CatchAll.current().version) == (1, [ben.public_id], 2)
    with pytest.raises(PolicyError):
        change_catch_all(people=["usr_nobody"], now=NIGHT, reason="x")


def test_the_ladder_shows_who_would_be_paged_and_over_what(team, ana, ben, django_assert_num_queries):
    policy = builders.policy(ana, [ben, ana], team=team, repeat=1, delay_s=300)
    with django_assert_num_queries(5):  # contacts, rules, the catch-all, why somebody is absent, people
        ladder = ladder_of(policy, begins=NIGHT)
    assert [(rung.loop, rung.step, rung.after_s) for rung in ladder] == [
        (1, 1, 0),
        (1, 2, 300),
        (2, 1, 600),
        (2, 2, 900),
        (2, 3, 1200),
    ]
    assert [rung.caught for rung in ladder] == [False, False, False, False, True]
    reached = {shown.person: [contact.kind for contact, _ in shown.lines] for shown in ladder[1].people}
    assert reached == {ben: [], ana: ["email", "sms"]}
    assert policies_naming(ana.public_id, now=NIGHT) == [policy]
