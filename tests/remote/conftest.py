"""A real Redis, two remote locations on it, and probes that run nothing by themselves."""

import pytest

from accounts.egress.guard import EgressRules
from ledger import clock
from monitors.remote import broker as lists
from monitors.remote import sending, taking
from monitors.remote.parties import engine_keys
from monitors.remote.worker import Worker
from monitors.services import create_location, set_locations
from tests import builders
from tests.processes.peers import Broker
from tests.remote.speech import PARIS, ROME


@pytest.fixture(scope="module")
def shared():
    broker = Broker().start()
    yield broker
    broker.close()


@pytest.fixture
def broker(shared, settings, monkeypatch):
    """A broker that was just started; the installation counts as grown."""
    shared.start()
    settings.REDIS_URL, settings.EMBEDDED = shared.url, False
    for module in (sending, taking):
        monkeypatch.setattr(module, "_broker_rests_until", 0.0)
    lists.connect(shared.url).flushall()
    return shared


@pytest.fixture
def two(broker, db):
    """Two remote locations, and a monitor that is checked from the first."""
    now = clock.now()
    paris = create_location(name="paris", public_key=PARIS.public.text, now=now, reason="Test")
    rome = create_location(name="rome", public_key=ROME.public.text, now=now, reason="Test")
    monitor = builders.monitor(service=builders.service("Shop"), interval_s=60)
    set_locations(monitor, [paris], now=now, reason="Test")
    return paris, rome, monitor


@pytest.fixture
def workers(broker):
    """Makes probes that run nothing by themselves."""
    made = []

    def make(folder, clock_of):
        made.append(
            Worker(
                keys=PARIS, engine=engine_keys().public, folder=folder, rules=EgressRules, clock=clock_of,
                clients=lambda: lists.connect(broker.url),
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for worker in made:
        worker._prober._loop.close()
        worker.spool.close()
