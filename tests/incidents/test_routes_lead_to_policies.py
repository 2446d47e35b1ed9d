"""Routes: the most specific one in force wins, and what cannot be is refused by field."""

import pytest
from django.db import IntegrityError

from incidents import intake
from incidents.models import Route
from incidents.queries import route_for
from incidents.services.routes import change_route, create_route, retire_route
from incidents.services.work import BadInput
from ledger.models import Entry
from ledger.tracked import StaleVersion, as_of
from oncall.models import Run
from tests import builders
from tests.builders import REASON


@pytest.fixture
def routes(house):
    """One route of each kind, each to a policy named like it."""
    house.route.retire(now=house.now, reason=REASON)

    def to(name, **scope):
        return builders.route(builders.policy(house.alice, team=house.team, name=name), **scope)

    return {
        "service and severity": to("service and severity", service=house.checkout, severity=1),
        "service": to("service", service=house.checkout),
        "severity": to("severity", severity=1),
        "default": to("default"),
    }


@pytest.mark.parametrize(
    ("severity", "of_checkout", "expected"),
    [
        (1, True, "service and severity"),
        (2, True, "service"),
        (1, False, "severity"),
        (2, False, "default"),
    ],
)
def test_the_most_specific_route_wins(house, routes, severity, of_checkout, expected):
    service = house.checkout if of_checkout else builders.service("Search")
    assert route_for(service, severity) == routes[expected]
    assert of_checkout or route_for(None, severity) == routes[expected]


def test_what_is_retired_leads_nowhere_and_the_next_one_takes_over(house, routes):
    routes["service and severity"].retire(now=house.now, reason=REASON)
    assert route_for(house.checkout, 1) == routes["service"]
    routes["service"].policy.retire(now=house.now, reason=REASON)
    assert route_for(house.checkout, 1) == routes["severity"]


def test_a_second_route_of_the_same_kind_is_refused(house, routes):
    for scope in ({"service": house.checkout, "severity": 1}, {"service": None, "severity": None}):
        with pytest.raises(BadInput, match="There is a route for .* already"):
            create_route(**scope, policy=house.policy, now=house.now, reason=REASON)


def test_the_database_refuses_it_too(house, routes):
    with pytest.raises(IntegrityError):
        Route(policy=house.policy).save(now=house.now, reason=REASON)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"severity": 5}, "severity"),
        ({"runbook_url": "javascript:alert(1)"}, "runbook_url"),
        ({"policy": "retired"}, "policy"),
    ],
)
def test_what_cannot_be_a_route_is_refused_by_field(house, wrong, field):
    facts = {"service": house.checkout, "severity": 2, "policy": house.policy, **wrong}
    if facts["policy"] == "retired":
        house.route.retire(now=house.now, reason=REASON)
        house.policy.retire(now=house.now, reason=REASON)
        facts["policy"] = house.policy
    with pytest.raises(BadInput) as refusal:
        create_route(**facts, now=house.now, reason=REASON)
    assert refusal.value.field == field


def test_every_change_is_a_version_with_a_reason(house):
    other = builders.policy(house.bob, team=house.team, name="Other")
    change_route(house.route, policy=other, now=house.now, reason="Bob asked for it.", expected_version=1)
    versions = list(house.route.history.order_by("version"))
    assert [row.version for row in versions] == [1, 2]
    assert versions[1].reason == "Bob asked for it."
    assert as_of(Route, house.now)[0].policy_id == other.pk
    assert Entry.objects.filter(kind="config.route.changed").count() == 1


def test_a_change_over_somebody_elses_is_refused(house):
    with pytest.raises(StaleVersion):
        change_route(
            house.route, policy=house.policy, runbook_url="https://wiki.example/", now=house.now, expected_version=7
        )
    with pytest.raises(StaleVersion):
        retire_route(house.route, now=house.now, reason=REASON, expected_version=7)


def test_a_run_goes_on_under_the_policy_it_froze(house):
    builders.signal(house.monitor)
    intake.run(house.now)
    change_route(house.route, policy=builders.policy(house.ada, team=house.team, name="Other"), now=house.now)
    assert Run.objects.get().policy == house.policy
