"""What breaks without a person, contact, schedule, team or policy is said before it is done: by the engine's own functions."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.services.contacts import LastContact, remove_contact
from accounts.services.people import StillUsed, deactivate
from incidents.queries import route_for
from incidents.removal import consequences
from oncall.escalation.policy import PolicyError
from oncall.rota.problems import ScheduleError
from oncall.services.policies import retire_policy
from oncall.services.schedules import retire_schedule
from oncall.without import FEWER, NOBODY, Gone, Stretch, effects
from tests import builders
from tests.builders import NIGHT, REASON

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def shop(db):
    """Ana and Ben take weeks in turn; step 1 is whoever has it, step 2 is Ben. Checkout goes there, Billing goes to Cid alone."""
    builders.organisation()
    team = builders.team()
    people = [builders.person(name, team=team) for name in ("Ana", "Ben", "Cid")]
    ana, ben, cid = people
    rota = builders.schedule(ana, ben, team=team)
    policy = builders.policy(ana, ben, team=team)
    policy.steps[0]["people"] = [rota.public_id]
    policy.save(now=NIGHT, reason=REASON)
    alone = builders.policy(cid, name="Cid alone", team=team)
    checkout, billing = builders.service("Checkout", team=team), builders.service("Billing", team=team)
    builders.route(policy)
    builders.route(alone, service=billing, severity=1)
    builders.catch_all(ana, cid)
    return {"team": team, "ana": ana, "ben": ben, "cid": cid, "rota": rota, "policy": policy, "alone": alone,
            "checkout": checkout, "billing": billing}  # fmt: skip


def told(thing, now=NIGHT):
    found = consequences(thing, now=now)
    return {
        hurt.policy.name: [(one.step, one.what, one.first_at, one.seconds) for one in hurt.effects]
        for hurt in found.removal.hurt
    }, [(one.service.name, one.severities) for one in found.services]


def hand_off(weeks):
    """09:00 on a Monday in Berlin, the first after the night of Tuesday 17 March 2026 and those after; summer time from the 29th."""
    return NIGHT.replace(day=23, hour=8) + weeks * WEEK - (timedelta(hours=1) if weeks else timedelta())


def test_without_one_of_two_in_a_rotation_their_week_is_nobodys_from_then_on(shop):
    steps, services = told(shop["ana"])
    until = NIGHT + timedelta(days=14)
    weeks = (hand_off(0) - NIGHT).total_seconds() + (until - hand_off(1)).total_seconds()
    assert steps == {"Checkout critical": [(1, NOBODY, NIGHT, int(weeks))]}
    assert services == [], "Ben is called by the second step all the same"
    later, _ = told(shop["ben"])
    assert later["Checkout critical"][0] == (1, NOBODY, hand_off(0), int((hand_off(1) - hand_off(0)).total_seconds()))
    assert later["Checkout critical"][1][:3] == (2, NOBODY, NIGHT)
    found = consequences(shop["ben"], now=NIGHT)
    assert found.removal.hurt[0].silent_at == hand_off(0), "in Ana's week there is still Ana"
    assert [(one.service.name, one.severities) for one in found.services] == [
        ("Billing", [2, 3, 4]), ("Checkout", [1, 2, 3, 4]),
    ]  # fmt: skip


def test_a_service_whose_only_person_goes_is_left_to_the_catch_all(shop):
    steps, services = told(shop["cid"])
    assert steps == {"Cid alone": [(1, NOBODY, NIGHT, 14 * 86400)]}
    assert services == [("Billing", [1])]
    assert route_for(shop["billing"], 1).policy == shop["alone"]
    with pytest.raises(StillUsed):
        deactivate(shop["cid"], now=NIGHT, reason=REASON, expected_version=shop["cid"].version)


def test_a_second_contact_is_a_way_less_and_the_last_one_is_somebody_less(shop):
    mail = shop["cid"].contact_methods.get()
    phone = builders.contact(shop["cid"], "phone", "+447700900001")
    steps, services = told(phone)
    assert [one[:2] for one in steps["Cid alone"]] == [(1, FEWER)]
    assert services == []
    phone.retire(now=NIGHT, reason=REASON)
    assert [one[:2] for one in told(mail)[0]["Cid alone"]] == [(1, NOBODY)]
    with pytest.raises(LastContact):
        remove_contact(mail, now=NIGHT, reason=REASON)


def test_a_schedule_and_a_policy_that_are_used_say_so_and_stay(shop):
    steps, _ = told(shop["rota"])
    assert [one[:2] for one in steps["Checkout critical"]] == [(1, NOBODY)]
    with pytest.raises(ScheduleError, match="still called by Checkout critical"):
        retire_schedule(shop["rota"], now=NIGHT, reason=REASON)
    assert told(shop["alone"])[1] == [("Billing", [1])]
    assert told(shop["policy"])[1] == [("Billing", [2, 3, 4]), ("Checkout", [1, 2, 3, 4])]
    with pytest.raises(PolicyError, match="still used"):
        retire_policy(shop["policy"], now=NIGHT, reason=REASON)


def test_a_team_stands_for_its_members_and_what_nobody_names_breaks_nothing(shop):
    other = builders.team("Other")
    builders.member(other, shop["ana"])
    builders.policy(shop["ana"], name="Of the team", team=other)
    named = builders.policy(shop["ana"], name="Names it", team=other)
    named.steps[0]["people"] = [other.public_id]
    named.save(now=NIGHT, reason=REASON)
    assert [one[:2] for one in told(other)[0]["Names it"]] == [(1, NOBODY)]
    assert consequences(builders.team("Unused"), now=NIGHT).harmless


def test_what_is_amiss_anyway_is_not_held_against_what_goes(shop):
    shop["cid"].contact_methods.get().retire(now=NIGHT, reason=REASON)
    assert told(shop["cid"])[0] == {}


def test_the_catch_all_is_looked_at_too(shop):
    builders.catch_all(shop["cid"])
    assert consequences(shop["cid"], now=NIGHT).removal.catch_all
    assert not consequences(shop["ana"], now=NIGHT).removal.catch_all


def test_the_number_of_questions_does_not_grow_with_services(shop, django_assert_max_num_queries):
    for n in range(10):
        builders.service(f"Service {n}", team=shop["team"])
    with django_assert_max_num_queries(16):
        consequences(shop["ben"], now=NIGHT)


@given(
    st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True), min_size=1, max_size=4),
    st.sampled_from("abcd"),
)
def test_a_step_is_silent_exactly_when_it_named_nobody_else(steps, gone):
    end = NIGHT + WEEK
    stands = {one: [Stretch(NIGHT, end, frozenset({one}))] for one in "abcd"}
    ways = {one: [f"way of {one}"] for one in "abc"}
    found = effects(steps, stands, ways, Gone(people=frozenset({gone})), start=NIGHT, end=end)
    for number, step in enumerate(steps, 1):
        before, after = {p for p in step if p in ways}, {p for p in step if p in ways and p != gone}
        said = next((one.what for one in found if one.step == number), "")
        assert said == ("" if before == after else FEWER if after else NOBODY)
