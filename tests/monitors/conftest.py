"""What tests of monitors start from: a site to check, leave to check it, and an engine that is stopped after."""

import ipaddress
import time

import pytest

from accounts.egress.guard import EgressRules
from accounts.models import AllowedNetwork
from ledger import clock
from monitors.engine import runner
from tests import builders
from tests.monitors.site import Site, serving

LOOPBACK = EgressRules(allowed=(ipaddress.ip_network("127.0.0.0/8"),))


@pytest.fixture
def site():
    """A site that is well."""
    with serving(Site()) as running:
        yield running


@pytest.fixture
def other_site():
    """Another origin."""
    with serving(Site()) as running:
        yield running


@pytest.fixture
def loopback(db):
    """An admin allowed checks of this machine."""
    AllowedNetwork(cidr="127.0.0.0/8").save(now=clock.now(), reason="Test")


@pytest.fixture
def shop(db):
    """A service to put monitors under."""
    return builders.service("Shop", now=clock.now())


@pytest.fixture
def engine(monkeypatch):
    """The real engine without a broker: plans are run in this process, and it is stopped afterwards."""
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: runner.run_plan(plan, now=clock.now()))
    yield runner
    runner.stop()


def settle(timeout=10.0):
    """Wait until the prober has nothing left to do."""
    end = time.monotonic() + timeout
    while not runner.prober().idle():
        assert time.monotonic() < end, "the prober did not come to rest"
        time.sleep(0.01)
