"""A house with an endpoint on a real server of this machine, and the ticks that webhooks need."""

from datetime import timedelta

import pytest

from accounts.services.organisation import allow_network
from incidents.models import WebhookDelivery
from incidents.services.transitions import acknowledge
from incidents.services.work import declare
from incidents.webhooks import sender
from incidents.webhooks.services import create_endpoint
from incidents.webhooks.ticks import webhooks
from ledger.actors import Actor
from ledger.link import link_entries
from tests import builders
from tests.builders import NIGHT
from tests.fakes.sink import Sink
from tests.world import world  # noqa: F401 - the fixture


class House:
    """Alice responds, Ada is admin, `sink` listens. Time is `now` and moves by `later`."""

    def __init__(self, sink):
        self.sink, self.now = sink, NIGHT
        builders.organisation()
        self.team = builders.team()
        self.alice = builders.person("Alice Adeyemi", team=self.team, phone="+447700900101")
        self.ada = builders.person("Ada Admin", "admin", phone="+447700900103")
        self.service = builders.service(team=self.team)
        builders.catch_all(self.ada)
        allow_network(cidr="127.0.0.1", now=NIGHT, reason="Our own receiver")

    def endpoint(self, name="Ops room", *, url="", events=("incident.*",), team=None):
        """An endpoint at the sink."""
        return create_endpoint(
            name=name, team=team or self.team, url=url or self.sink.url, events=list(events), now=self.now
        )

    def declares(self, title="Payments fail", severity=3):
        """Somebody declares an incident: two events, declared and paging."""
        return declare(
            title=title, severity=severity, service=self.service, actor=self.actor, person=self.alice,
            how="screen", urgency="low", now=self.now,
        )  # fmt: skip

    def acknowledges(self, incident):
        """Alice has it."""
        return acknowledge(incident, actor=self.actor, person=self.alice, how="screen", now=self.now)

    @property
    def actor(self):
        return Actor("user", self.alice.public_id, label=self.alice.name, via="screen")

    def plans(self):
        """One tick without the sender."""
        link_entries()
        return webhooks(self.now)

    def sends(self):
        """One tick and the sender; how many calls were made."""
        self.plans()
        return sender.send_due(now=self.now, slots=1)

    def later(self, **span):
        """Time passes."""
        self.now += timedelta(**span)
        return self


@pytest.fixture
def sink():
    with Sink() as listening:
        yield listening


@pytest.fixture
def house(db, sink, settings, monkeypatch):
    settings.PUBLIC_URL = "https://watchbook.example"
    monkeypatch.setattr("oncall.stopwatch.Stopwatch.elapsed_s", lambda self: 0.0)
    return House(sink)


@pytest.fixture
def log():
    """The deliveries, oldest first, as (kind, state)."""
    return lambda: list(WebhookDelivery.objects.order_by("pk").values_list("event__kind", "state"))
