"""A world with a fake Twilio and a fake mail server on free ports."""

import pytest

from accounts.services.organisation import allow_network
from tests.builders import NIGHT
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.sink import Sink
from tests.fakes.slack import FakeSlack
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.oncall.world import World


@pytest.fixture(scope="session")
def twilio_server():
    with FakeTwilio() as fake:
        yield fake


@pytest.fixture(scope="session")
def smtp_server():
    with FakeSmtp() as fake:
        yield fake


@pytest.fixture
def phones(twilio_server, settings):
    """A Twilio with an empty memory; whatever nobody expected fails the test."""
    twilio_server.texts.clear()
    twilio_server.calls.clear()
    twilio_server.requests.clear()
    twilio_server.troubles.clear()
    settings.TWILIO_BASE_URL = twilio_server.url
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = twilio_server.account, twilio_server.auth_token
    settings.TWILIO_AUTH_TOKEN_PREVIOUS, settings.TWILIO_FROM = "", twilio_server.number
    settings.PUBLIC_URL = "https://watchbook.example.com"
    settings.EMAIL_FROM = "watchbook@larkspur.example"
    yield twilio_server
    twilio_server.verify_nothing_else()


@pytest.fixture
def no_limits(settings):
    """A test of something else, in which a phone gets more than a page a minute, or an account more than one a second."""
    settings.PAGE_LIMITS = {}
    settings.TWILIO_CALLS_PER_S = settings.TWILIO_TEXTS_PER_S = 0


@pytest.fixture
def mail(smtp_server, settings):
    """A mail server with an empty memory; whatever nobody expected fails the test."""
    smtp_server.letters.clear()
    smtp_server.rcpt_replies.clear()
    smtp_server.data_replies.clear()
    smtp_server.slow_s = 0.0
    for name, value in smtp_server.settings().items():
        setattr(settings, name, value)
    yield smtp_server
    smtp_server.verify_nothing_else()


@pytest.fixture
def pagerduty(settings):
    """A PagerDuty with one integration and no incidents."""
    with FakePagerDuty() as fake:
        settings.PAGERDUTY_BASE_URL = fake.url
        yield fake


@pytest.fixture
def workspace(settings):
    """A workspace with Ana, Ben and a channel, whose bot and app are ours."""
    with FakeSlack(members=("U0000ANA7", "U0000BEN7"), channels=("C0000CHAN",)) as fake:
        settings.SLACK_BASE_URL, settings.SLACK_BOT_TOKEN = fake.url, fake.token
        settings.SLACK_SIGNING_SECRET, settings.SLACK_SIGNING_SECRET_PREVIOUS = fake.secret, ""
        yield fake


@pytest.fixture
def sink(db):
    """A tool of somebody's on this machine that takes webhooks, and may be called."""
    allow_network(cidr="127.0.0.1", now=NIGHT, reason="Our own receiver")
    with Sink() as listening:
        yield listening


@pytest.fixture
def world(db, phones, mail, settings):
    return World(twilio=phones, smtp=mail, settings=settings)
