"""The sender as it runs in life: several calls open at once, in threads, over real sockets."""

import time

import pytest

from oncall.escalation import services as escalation
from oncall.models import Page
from oncall.notify import sender
from oncall.ticks import plan, send
from tests.oncall.world import World

ANA, BEN = "+447700900001", "+447700900002"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def threaded(phones, mail, settings):
    return World(twilio=phones, smtp=mail, settings=settings)


def test_a_hanging_call_does_not_hold_up_the_other_pages(threaded, monkeypatch):
    monkeypatch.setattr("oncall.notify.channels.twilio_client.TOTAL_S", 1.5)
    ana, ben = threaded.person("Ana Duarte", phone=ANA, mail=False), threaded.person("Ben Okafor", phone=BEN)
    policy = threaded.policy([ana, ben])
    threaded.twilio.fail_next(hang_s=2.0, accept=True)
    escalation.start(threaded.subject(), policy, now=threaded.now)
    plan(threaded.now)
    threaded.sleep(seconds=1)
    began = time.monotonic()
    assert sender.send_due(now=threaded.now, slots=4) == 3
    accepted = {page.to_mask: page.accepted_at for page in Page.objects.exclude(accepted_at=None)}
    assert len(accepted) == 2 and time.monotonic() - began < 3
    assert all((at - threaded.now).total_seconds() < 1.0 for at in accepted.values())
    for number in (ANA, BEN):
        threaded.twilio.expect(number)
    threaded.smtp.expect("ben@larkspur.example")


@pytest.mark.usefixtures("no_limits")
def test_the_tick_sends_everything_that_is_due_whatever_its_number(threaded):
    people = [threaded.person(f"P{n} Person", phone=f"+4477009001{n:02d}") for n in range(12)]
    escalation.start(threaded.subject(), threaded.policy(people), now=threaded.now)
    plan(threaded.now)
    threaded.sleep(seconds=1)
    assert send(threaded.now) == 24
    for person in people:
        threaded.smtp.expect(person.email)
        threaded.twilio.expect(person.contact_methods.get(kind="phone").address)
    assert set(Page.objects.values_list("state", flat=True)) == {"accepted"}
    assert send(threaded.now) == 0
