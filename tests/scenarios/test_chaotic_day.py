"""A chaotic day: 5,000 events on 3 keys, a provider that fails half the time, one person without contacts.

Within half an hour every page has come to an end that has a name, and whoever reads an incident can say why each person was or
was not called.
"""

import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core import mail
from django.db import transaction

from incidents import correlate as c
from incidents.intake import Origin, act_on
from incidents.models import Incident
from incidents.views.log import log_of
from oncall.models import Attempt, Page, Run
from oncall.notify.states import STATES
from oncall.services import change_policy
from tests.fakes.twilio_door import Trouble

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
EVENTS, KEYS, OVER = 5_000, ("Baskets", "Orders", "Prices"), timedelta(minutes=20)
BATCHES = 20


class HalfTheTime:
    """Instead of troubles in a row: each request finds one or not, as a coin falls."""

    def __init__(self):
        self.coin, self.fell = random.Random(5), Counter()

    def __bool__(self):
        wrong = self.coin.random() < 0.5
        self.fell[wrong] += 1
        return wrong

    def __getitem__(self, _):
        return Trouble(http=503, code=20503)

    def popleft(self):
        """There is always another."""

    def clear(self):
        """And again."""


def _happens(world, number, *, opens=True, key=""):
    key = key or KEYS[number % len(KEYS)]
    event = c.Event(
        source="outside", identity=key, group=key, key=f"evt_{number}", opens=opens, condition="error", severity=1,
        urgency="high", service=world.service.public_id, title=f"{key} are wrong", effective_at=world.now,
        reason="5 % of requests failed",
    )  # fmt: skip
    act_on(event, Origin(("event", event.key), "monitor", None, world.service), now=world.now)


def _storm(world):
    """The events come in batches, as an Alertmanager sends them; between them the engine ticks."""
    for batch in range(BATCHES):
        with transaction.atomic():
            for n in range(EVENTS // BATCHES):
                _happens(world, batch * (EVENTS // BATCHES) + n)
        world.advance(seconds=OVER.total_seconds() / BATCHES)


def test_every_page_ends_with_a_name_and_the_story_says_why_each_was_called_or_not(world):
    steps = [
        {"delay_s": 180, "people": [world.people[name].public_id for name in names]}
        for names in (("Alice", "Audra"), ("Bob",))
    ]
    change_policy(
        world.policy, name="Chaos", team=world.team, repeat=1, steps=steps, now=world.now, reason="One has no contacts"
    )
    world.twilio.troubles = coin = HalfTheTime()
    began = world.now
    _storm(world)
    assert Incident.objects.count() == len(KEYS)  # 5,000 events are three incidents
    world.phone("Alice").reply("4")
    for number, key in enumerate(KEYS):
        _happens(world, EVENTS + number, opens=False, key=key)
    world.advance(seconds=(began + timedelta(minutes=30) - world.now).total_seconds())

    assert min(coin.fell.values()) > 10  # the provider did fail about half the time, and not always
    pages = list(Page.objects.all())
    assert not [page for page in pages if page.ended_at is None and page.state not in ("accepted", "delivered")]
    assert {page.state for page in pages} <= set(STATES) - {"planned", "claimed", "sending"}
    assert all(page.reason for page in pages if page.state in ("cancelled", "failed_permanent", "unknown"))
    assert Run.objects.filter(due_at__isnull=False).count() == 0

    first = Attempt.objects.filter(page__origin="step").order_by("begun_at").first()
    assert first.begun_at - began < timedelta(seconds=10)
    _windows_hold(world)
    _each_is_accounted_for()
    world.twilio.texts.clear()
    mail.outbox.clear()


def _windows_hold(world):
    """No phone got more than it should, the first page of the service left aside."""
    for contact in set(Page.objects.filter(kind="sms").values_list("contact", flat=True)):
        pages = Page.objects.filter(contact=contact, carried_by=None, origin__in=("step", "bundle"))
        sent = [at for at in pages.order_by("begun_at").values_list("begun_at", flat=True) if at][1:]
        assert all(b - a >= timedelta(seconds=59) for a, b in pairwise(sent))


def _each_is_accounted_for():
    for incident in Incident.objects.all():
        said = "\n".join(line.said for line in log_of(incident))
        assert "Alice Adeyemi paged" in said, said
        assert "Bob Brandt paged" in said, said
        assert "Audra Audit" in said, said
        assert "has no verified contact" in said, said
        waited = Page.objects.filter(run__subject_id=incident.number, held_at__isnull=False).count()
        assert said.count("held back: as many as allowed went there lately") == waited
    assert Page.objects.filter(origin="bundle").exists()
