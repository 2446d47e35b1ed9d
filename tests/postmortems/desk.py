"""A night in the world that is over, and what its people learn from it."""

from datetime import timedelta

import pytest

from ledger.actors import Actor, acting_as
from postmortems.models import PostMortem
from postmortems.sections import ALL
from postmortems.services.actions import create_action, today
from postmortems.services.documents import classify, save_section, start_postmortem
from postmortems.services.review import submit


def at_the_screen(person):
    return Actor("user", person.public_id, label=person.name, via="screen")


class Desk:
    """Somebody at the screen who writes post-mortems: what they do is done at the world's instant."""

    def __init__(self, world, name):
        self.world, self.person = world, world.people[name]
        self.actor = at_the_screen(self.person)

    @property
    def by(self):
        return {"actor": self.actor, "person": self.person, "now": self.world.now}

    def starts(self, incident=None):
        with acting_as(self.actor):
            return start_postmortem(incident or self.world.incident, how="screen", **self.by)

    def writes(self, postmortem, section, text, *, seen=None):
        with acting_as(self.actor):
            return save_section(postmortem, section, text, expected_version=seen, how="screen", **self.by)

    def classes(self, postmortem, category="change", runbook_changed=False):
        changes = {"root_cause_category": category, "runbook_changed": runbook_changed}
        with acting_as(self.actor):
            return classify(postmortem, changes, expected_version=None, now=self.world.now)

    def promises(self, postmortem, text="Alert on the pool", *, owner=None, days=7, kind="detect"):
        due_on = today(self.world.now) + timedelta(days=days)
        with acting_as(self.actor):
            return create_action(
                postmortem, text=text, kind=kind, owner=owner or self.person, due_on=due_on, actor=self.actor, now=self.world.now
            )  # fmt: skip

    def writes_all(self, postmortem):
        """Everything that approval asks for."""
        for section in ALL:
            if section.needed:
                self.writes(postmortem, section.key, f"What {section.title.lower()} was.")
        self.classes(postmortem)
        self.promises(postmortem)
        return postmortem

    def does(self, service, thing, **more):
        """Call a service in the name of this person."""
        with acting_as(self.actor):
            return service(thing, **self.by, **more)


def fault(world, *, answered=True):
    """Checkout fails for some minutes; Alice has it after two, it recovers by itself. Returns the incident."""
    world.breaks("Checkout API")
    world.advance(minutes=2)
    text = world.phone("Alice").expect_sms("Checkout API is down")
    assert text
    if answered:
        world.phone("Alice").reply("4")
    world.mends("Checkout API")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("recovered")
    return world.incident


@pytest.fixture
def incident(world):
    """An incident of severity 2 that is over."""
    return fault(world)


@pytest.fixture
def alice(world):
    return Desk(world, "Alice")


@pytest.fixture
def bob(world):
    return Desk(world, "Bob")


@pytest.fixture
def mona(world):
    return Desk(world, "Mona")


@pytest.fixture
def draft(incident, alice):
    """Alice's draft."""
    return alice.starts()


@pytest.fixture
def in_review(draft, alice):
    """Alice's post-mortem, whole and waiting for approval."""
    alice.does(submit, alice.writes_all(draft))
    return PostMortem.objects.get()
