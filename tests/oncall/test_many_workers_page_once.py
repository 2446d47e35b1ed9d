"""Several planners, senders and callback readers at once, on PostgreSQL: each page exactly once, and nobody waits for ever.

SQLite hides locking, so this is proved on PostgreSQL only.
"""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections
from django.db.models import Count

from oncall import ticks
from oncall.escalation import services as escalation
from oncall.models import Attempt, Callback, Page, Run, StepExecution
from oncall.notify import callbacks, sender
from oncall.notify.channels.base import ProviderAnswer, SendError
from oncall.notify.codes import code_for
from oncall.notify.retry import Failure
from oncall.subject import Subject
from tests import builders
from tests.builders import NIGHT

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_limits")]
ROUNDS = 40


def together(*works):
    """Run functions in threads that start at the same moment; raise what any of them raised."""
    gate = threading.Barrier(len(works))
    errors = []

    def run(work):
        try:
            gate.wait()
            work()
        except Exception as error:  # noqa: BLE001 - raised again in the test's own thread
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a worker hangs"
    if errors:
        raise errors[0]


class Counter:
    """A channel that counts what it sends."""

    kind = "sms"

    def __init__(self):
        self.sent, self.lock = [], threading.Lock()

    def validate(self, address):
        return None

    def send(self, message, address):
        with self.lock:
            self.sent.append((address, message.body))
            return ProviderAnswer("twilio", f"SM{len(self.sent):032d}", "queued", 201, "+15005550006")


@pytest.fixture
def counter(monkeypatch, settings):
    settings.PUBLIC_URL = "https://watchbook.example.com"
    made = Counter()
    monkeypatch.setattr("oncall.notify.sender.channel", lambda kind: made)
    return made


@pytest.fixture
def chain():
    team = builders.team()
    people = [builders.person(f"Person{n}", team=team, phone=f"+4477009000{n:02d}", mail=False) for n in range(3)]
    return builders.policy(*people, team=team, delay_s=60)


def subject(number):
    return Subject("incident", f"INC-2026-{number:04d}", "svc_x", 1, "high", "Checkout API is down", "https://w/i/")


def test_two_planners_and_two_senders_page_each_step_once(chain, counter):
    now = NIGHT
    for number in range(ROUNDS):
        escalation.start(subject(number), chain, now=now)
    for _ in range(4):
        together(
            partial(ticks.plan, now),
            partial(ticks.plan, now),
            partial(sender.send_due, now=now, slots=2),
            partial(sender.send_due, now=now, slots=1),
        )
        sender.send_due(now=now + timedelta(seconds=5), slots=4)
        now += timedelta(seconds=61)
    assert not Page.objects.values("run", "loop", "step", "contact").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert not Attempt.objects.values("page").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert StepExecution.objects.count() == ROUNDS * 4
    assert len(counter.sent) == Page.objects.count() == Attempt.objects.filter(outcome="accepted").count()


def test_the_same_subject_started_at_once_has_one_run(chain):
    for number in range(20):
        together(*[lambda number=number: escalation.start(subject(number), chain, now=NIGHT) for _ in range(4)])
    assert Run.objects.count() == 20


def test_no_attempt_begins_after_an_answer_committed(chain, counter):
    committed = {}

    def stop(number, at):
        escalation.stop("incident", f"INC-2026-{number:04d}", "acknowledged", now=at)
        committed[number] = len(counter.sent)

    for number in range(ROUNDS):
        at = NIGHT + timedelta(minutes=number)
        run = escalation.start(subject(number), chain, now=at)
        ticks.plan(at)
        together(
            lambda at=at: sender.send_due(now=at + timedelta(seconds=1), slots=1),
            lambda number=number, at=at: stop(number, at + timedelta(seconds=1)),
            lambda at=at: ticks.plan(at + timedelta(seconds=1)),
        )
        before = Attempt.objects.filter(page__run=run).count()
        sender.send_due(now=at + timedelta(hours=1), slots=1)
        ticks.plan(at + timedelta(hours=1))
        assert Attempt.objects.filter(page__run=run).count() == before
        page = Page.objects.get(run=run)
        assert (page.state, page.attempts_made) == ("cancelled", 0) if not before else page.attempts_made == 1
    assert Page.objects.count() == ROUNDS


def test_callbacks_read_by_two_are_applied_once(chain, counter):
    escalation.start(subject(1), chain, now=NIGHT)
    ticks.plan(NIGHT)
    sender.send_due(now=NIGHT + timedelta(seconds=1), slots=1)
    sid = Attempt.objects.get().provider_sid
    for status in ("queued", "sent", "delivered") * 10:
        callbacks.store({"MessageSid": sid, "MessageStatus": status}, now=NIGHT + timedelta(seconds=2))
    later = NIGHT + timedelta(seconds=3)
    together(*[lambda: callbacks.apply(now=later)] * 3, lambda: ticks.reconcile(later))
    callbacks.apply(now=later)
    assert Page.objects.get().state == "delivered"
    assert Callback.objects.filter(applied_at__isnull=True).count() == 0
    assert Callback.objects.filter(outcome="applied").count() <= 3


def test_failing_pages_planners_and_answers_never_lock_each_other_up(chain, counter):
    """Contacts are marked, runs hurried and pages cancelled at the same time, in every order."""

    def refuse(message, address):
        raise SendError("no", failure=Failure(permanent=True, blames_contact=True, code="21610"))

    counter.send = refuse
    for number in range(12):
        escalation.start(subject(number), chain, now=NIGHT)
    at = NIGHT + timedelta(seconds=1)
    works = [lambda: ticks.plan(at)] * 2 + [lambda: sender.send_due(now=at, slots=1)] * 2
    for number in range(12):
        together(
            *works, lambda number=number: escalation.stop("incident", f"INC-2026-{number:04d}", "resolved", now=at)
        )
    assert not Run.objects.exclude(state="stopped").exists()


def test_two_senders_never_give_one_phone_the_same_number_for_two_incidents():
    for _ in range(15):
        found = set()
        together(*[partial(take_code, found, n) for n in range(4)])
        assert len(found) == 4


def take_code(found, number):
    found.add(code_for("phone", "incident", f"INC-{number}", now=NIGHT))
