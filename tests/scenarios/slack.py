"""What stories in Slack share: who is there, and a press that reaches us as Slack would bring it."""

from oncall.models import Page
from tests import builders
from tests.fakes.slack import FakeSlack

MEMBERS = {"Alice": "U0000ALC7", "Bob": "U0000BOB7", "Stranger": "U0000XXX7"}
ROOM = "C0000OPS7"
URL = "/in/slack/"


def workspace(settings):
    """A workspace with the members and a room, whose bot is ours."""
    fake = FakeSlack(members=MEMBERS.values(), channels=(ROOM,))
    settings.SLACK_BASE_URL, settings.SLACK_BOT_TOKEN = fake.url, fake.token
    settings.SLACK_SIGNING_SECRET, settings.SLACK_SIGNING_SECRET_PREVIOUS = fake.secret, ""
    return fake


def member(world, name, address=""):
    """Somebody is reached in Slack: as the member, or in the room."""
    return builders.contact(world.people[name], "slack", address or MEMBERS[name], now=world.now)


def press(world, message, action, name, **more):
    """Somebody presses a button of a message; the answer of our endpoint."""
    headers, body = world.slack.press(message, action, MEMBERS[name], at=more.pop("at", world.now), **more)
    kind = headers.pop("Content-Type")
    return world.browser().post(URL, body, content_type=kind, headers=headers)


def the_page(name="Alice"):
    """The page of the chain that went to somebody by Slack."""
    return Page.objects.filter(kind="slack", origin="step", person__name__startswith=name).latest("pk")
