"""A small house for tests below the world: one team, one monitor, a policy of two people, and no clock but `now`."""

from types import SimpleNamespace

import pytest

from tests import builders
from tests.builders import NIGHT
from tests.world import world  # noqa: F401 - the fixture


@pytest.fixture
def house(db):
    """Alice is called first, Bob five minutes later; Ada is the catch-all. Everything goes to their policy."""
    builders.organisation()
    team = builders.team()
    alice = builders.person("Alice Adeyemi", team=team, phone="+447700900101")
    bob = builders.person("Bob Brandt", team=team, phone="+447700900102")
    ada = builders.person("Ada Admin", "admin", phone="+447700900103")
    checkout = builders.service(team=team)
    policy = builders.policy(alice, bob, team=team)
    builders.catch_all(ada)
    return SimpleNamespace(
        now=NIGHT,
        team=team,
        alice=alice,
        bob=bob,
        ada=ada,
        checkout=checkout,
        monitor=builders.monitor(service=checkout),
        policy=policy,
        route=builders.route(policy),
    )
