"""Several senders at once in a storm, on PostgreSQL: windows hold, bundles say each page once, accounts keep their pace."""

from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest

from oncall import ticks
from oncall.escalation import services as escalation
from oncall.models import Attempt, Page
from oncall.notify import sender
from oncall.stopwatch import Stopwatch
from tests import builders
from tests.builders import NIGHT
from tests.oncall.test_many_workers_page_once import Counter, subject, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def counter(monkeypatch, settings):
    settings.PUBLIC_URL = "https://watchbook.example.com"
    monkeypatch.setattr(Stopwatch, "elapsed_s", lambda self: 0.0)
    made = Counter()
    monkeypatch.setattr("oncall.notify.sender.channel", lambda kind: made)
    return made


def _senders(now, count=3):
    together(*[partial(sender.send_due, now=now, slots=1) for _ in range(count)])


def test_three_senders_never_send_one_phone_more_than_it_gets_and_lose_nothing(counter, settings):
    settings.TWILIO_TEXTS_PER_S = 0
    ana = builders.person("Ana", phone="+447700900001", mail=False)
    chain = builders.policy(ana, team=builders.team(), delay_s=86_400)
    now = NIGHT
    for minute in range(8):
        for number in range(5):
            escalation.start(subject(minute * 5 + number), chain, now=now)
        ticks.plan(now)
        _senders(now)
        now += timedelta(seconds=61)
    now += timedelta(hours=3)
    _senders(now)
    sent = sorted(Attempt.objects.values_list("begun_at", flat=True))
    for most, within_s in settings.PAGE_LIMITS["sms"]:
        assert all(b - a >= timedelta(seconds=within_s) for a, b in zip(sent, sent[most:], strict=False))
    pages = Page.objects.filter(origin="step")
    assert {page.state for page in pages} == {"accepted"}
    said = [page for page in pages if page.carried_by_id or page.attempts_made]
    assert len(said) == len(pages) == 40
    assert not [page for page in pages if page.carried_by_id and page.attempts_made]  # never by itself and in a bundle
    assert len(counter.sent) == len(sent)


def test_three_senders_share_the_pace_of_one_account(counter, settings):
    settings.PAGE_LIMITS = {}
    settings.TWILIO_CALLS_PER_S = 1
    team = builders.team()
    people = [builders.person(f"Person{n}", team=team, mail=False) for n in range(6)]
    for n, person in enumerate(people):
        builders.contact(person, "voice", f"+4477009000{n:02d}")
    escalation.start(subject(1), builders.policy(people, team=team, delay_s=3600), now=NIGHT)
    ticks.plan(NIGHT)
    for tenth in range(58):
        _senders(NIGHT + timedelta(seconds=tenth / 10))
    begun = sorted(Attempt.objects.values_list("begun_at", flat=True))
    assert len(begun) == 6
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(begun))
