"""A published page of Larkspur that shows Checkout as `Placing orders`, in the world of the night."""

from types import SimpleNamespace

import pytest
from django.test import Client

from incidents.models import Incident
from ledger.actors import Actor
from statuspage.models import Component, StatusPage
from statuspage.services import correct_update, publish_update
from statuspage.services.updates import Said
from tests import builders
from tests.world import world  # noqa: F401 - the fixture


class Status(SimpleNamespace):
    """The page and what can be done with it. `world` is the night around it."""

    page: StatusPage
    component: Component

    def get(self, path="", **headers):
        """A stranger's look at the page, or at a path below it."""
        return Client(enforce_csrf_checks=True).get(f"/status/{self.page.slug}/{path}", headers=headers)

    def summary(self):
        """The page as JSON."""
        return self.get("summary.json").json()

    def state(self):
        """What the component is said to be."""
        return self.summary()["components"][0]["words"]

    def tell(
        self, status="investigating", text="We look into it.", *, by="Alice", incident: Incident | None = None, **said
    ):
        """Somebody publishes an update of the newest incident."""
        return publish_update(
            self.page, incident or self.world.incident, Said(status, text, **{"title": "Orders cannot be placed", **said}),
            **self._who(by),
        )  # fmt: skip

    def correct(self, wrong, text, *, status="investigating", by="Alice", reason="A typing mistake", **said):
        """Somebody corrects an update."""
        return correct_update(wrong, Said(status, text, **said), reason=reason, **self._who(by))

    def breaks(self):
        """Checkout fails and Alice's phone has the page."""
        self.world.breaks("Checkout API")
        self.world.advance(minutes=2)
        self.world.phone("Alice").expect_sms("Checkout API is down")
        self.world.phone("Alice").reply("4")

    def mends(self):
        """Checkout answers again; Alice hears of it."""
        self.world.mends("Checkout API")
        self.world.advance(minutes=2)
        self.world.phone("Alice").expect_sms("recovered")

    def _who(self, name):
        person = self.world.people[name]
        actor = Actor("user", person.public_id, person.name, "screen")
        return {"actor": actor, "person": person, "how": "screen", "now": self.world.now}


@pytest.fixture
def status(world):  # noqa: F811
    page = builders.status_page(team=world.team, now=world.now)
    component = builders.component(page, world.service, now=world.now)
    return Status(world=world, page=page, component=component)
