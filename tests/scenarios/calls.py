"""Calls in the world: who is reached by call alone, and what became of a call."""

from accounts.models import ContactMethod
from incidents.models import TimelineEntry
from oncall.models import Page
from tests.builders import contact
from tests.world import NUMBERS


def by_call_alone(world, name):
    """Every other contact of somebody goes; their phone is called."""
    for held in ContactMethod.objects.in_force().filter(user=world.people[name]):
        held.retire(now=world.now, reason="Test")
    contact(world.people[name], "voice", NUMBERS[name], now=world.now)


def the_call(name="Alice"):
    """The newest page of a step by call to somebody."""
    return Page.objects.filter(kind="voice", person__name__startswith=name, origin="step").latest("pk")


def bob_is_called(world):
    """The next person of the policy hears of it, by SMS and mail."""
    world.phone("Bob").expect_sms("Checkout API is down")
    world.mailbox("Bob").expect("Checkout API is down")


def called_too(world):
    """Who answered after somebody else had it."""
    return [str(entry.person) for entry in TimelineEntry.objects.filter(kind="acknowledged_too")]
