"""The world of scenario tests: it owns the clock, the phones, the mailboxes and the site that is watched.

    def test_it_pages_the_second_person_after_five_minutes(world):
        world.breaks("Checkout API")
        world.advance(minutes=2)
        world.phone("Alice").expect_sms("SEV2", "Checkout API is down")
        world.advance(minutes=5)
        world.phone("Bob").expect_sms("Checkout API is down")

It begins at 03:00 on a Tuesday, UTC, when Checkout API has just been seen up; it is checked each minute, and
40 s of failing are a fault, so one that begins now is known at 03:01:53. Time stands still until `advance`,
which goes from one due instant to the next and runs the real ticks at each: probes are planned and judged,
signals taken, steps planned, pages sent to a fake Twilio over HTTP. Only the socket of the check itself is
replaced: the site answers as `breaks` and `mends` say. A message that no `expect` took fails the test.

The cast is always the same: Alice responds and is called first, Bob is on the team and second, Mona
manages the team, Ada is admin and the catch-all, Audra audits, Victor views, Charlie is a stranger.
"""

import heapq
import itertools
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.core import mail
from django.db.models import Min
from django.test import Client

from config.steps import link
from incidents.models import Incident
from incidents.queries import story_of
from incidents.release import release
from incidents.story import Line, sentence
from incidents.ticks import intake
from incidents.views.answers import texts
from incidents.views.calls import requests_of_a_call
from incidents.views.inbound import refused_posts
from incidents.views.slack import presses
from ledger import clock
from monitors.engine import life
from monitors.engine.findings import Finding, Slot
from monitors.engine.handover import hand_over
from monitors.engine.plans import take
from monitors.engine.ticks import claim, sweep
from monitors.models import MaintenanceSpan, MonitorState, ProbePlan, ProbeSlot
from monitors.probes.trace import Outcome, Trace
from monitors.services.window_times import turn as windows
from oncall import ticks as oncall
from oncall.models import Attempt, Page, ProviderPace, Run
from oncall.notify.hangups import hang_up_due
from oncall.notify.inquiries import ask_due
from oncall.notify.sender import send_due
from oncall.notify.whispers import whisper_due
from oncall.stopwatch import Stopwatch
from tests import builders
from tests.builders import NIGHT
from tests.fakes.twilio import FakeTwilio, signature

PASSWORD = "a long night at the desk"
NUMBERS = {
    "Alice": "+447700900101",
    "Bob": "+447700900102",
    "Ada": "+447700900104",
    "Charlie": "+447700900199",
}
CAST = (
    # name, role, in the team, has a mailbox that is paged
    ("Alice Adeyemi", "responder", True, False),
    ("Bob Brandt", "responder", True, True),
    ("Mona Meyer", "manager", True, True),
    ("Ada Admin", "admin", False, False),
    ("Audra Audit", "auditor", False, False),
    ("Victor View", "viewer", False, False),
)
FORM = "application/x-www-form-urlencoded"
PUBLIC_URL = "https://watchbook.example"
CLAIM_AHEAD = timedelta(seconds=4)
HEARD_EVERY = timedelta(seconds=30)
A_FAULT = Trace(outcome=Outcome.FAILED, code="status", sentence="502 Bad Gateway", status=502, total_us=160_000)
ALL_WELL = Trace(status=200, total_us=120_000)


@dataclass(order=True)
class _Check:
    """One check on its way: at its planned instant the site is asked how it is."""

    at: datetime
    order: int
    slot: Slot = field(compare=False)
    plan_id: int = field(compare=False)
    last: bool = field(compare=False)


class Phone:
    """A phone in somebody's hand."""

    def __init__(self, world, name):
        self.world, self.number = world, NUMBERS[name]

    def expect_sms(self, *words):
        """The text that came with all these words; fails if there is none. It may be answered by `reply`."""
        return self.world.twilio.expect(self.number, *words, within=0)

    def stays_silent(self):
        """No text and no call came that was not expected already."""
        twilio = self.world.twilio
        assert [text.body for text in twilio.texts if text.to == self.number and not text.expected] == []
        assert [call.sid for call in twilio.calls if call.to == self.number and not call.expected] == []

    def expect_call(self):
        """The call that came; fails if there is none. It can be picked up, ring out, be busy."""
        return self.world.twilio.expect_call(self.number, within=0)

    def reply(self, body, *, sid=""):
        """Send a text to our number; return the words of the answer, "" for none."""
        response = self.world.inbound_sms(self.number, body, sid=sid)
        assert response.status_code == 200, response.content
        return "".join(node.text or "" for node in ElementTree.fromstring(response.content).iter("Message"))

    def link_in(self, text):
        """The path of the link in a text."""
        return re.search(r"/a/[^\s]+", text.body)[0]


class Mailbox:
    """A mailbox that is paged."""

    def __init__(self, world, name):
        self.world, self.address = world, world.people[name].email

    def expect(self, *words):
        """The letter that came with all these words in subject or body; fails if there is none."""
        for letter in mail.outbox:
            said = f"{letter.subject}\n{letter.body}"
            if not getattr(letter, "expected", False) and self.address in letter.to and all(w in said for w in words):
                letter.expected = True
                return letter
        raise AssertionError(
            f"No letter to {self.address} with {words}. There are: {self.world.letters_nobody_expected()}"
        )

    def link_in(self, letter):
        """The path of the link in a letter."""
        return re.search(r"/a/[^\s]+", letter.body)[0]


class World:
    """See the module. `now` is the instant at which it stands."""

    def __init__(self, twilio, now):
        self.twilio, self.now = twilio, now
        self.broken = {}
        self._coming = []
        self._heard = {}
        self._order = itertools.count()
        self.organisation = builders.organisation(now=now)
        self.team = builders.team(now=now)
        self.people = {
            name.split()[0]: builders.person(
                name,
                role,
                team=self.team if in_team else None,
                phone=NUMBERS.get(name.split()[0], ""),
                mail=has_mail,
                password=PASSWORD,
                now=now,
            )
            for name, role, in_team, has_mail in CAST
        }
        alice, bob, ada = (self.people[name] for name in ("Alice", "Bob", "Ada"))
        self.service = builders.service("Checkout", team=self.team, now=now)
        self.policy = builders.policy(alice, bob, team=self.team, now=now)
        self.route = builders.route(self.policy, now=now)
        builders.catch_all(ada, now=now)
        self.monitors = {}
        self.watch("Checkout API")

    # --- who and what is there

    def watch(self, name, **numbers):
        """A monitor of Checkout, checked each minute, down after 40 s of failing, up after 40 s of answering."""
        given = {"interval_s": 60, "confirmation_s": 40, "recovery_s": 40, **numbers}
        url = f"https://{name.lower().replace(' ', '-')}.example/health"
        self.monitors[name] = builders.monitor(name, service=self.service, url=url, now=self.now, **given)
        # on the full minute, so that a test knows when the next check is
        ProbeSlot.objects.filter(monitor=self.monitors[name]).update(phase_ms=0)
        return self.monitors[name]

    def phone(self, name):
        """Somebody's phone."""
        return Phone(self, name)

    def mailbox(self, name):
        """Somebody's mailbox."""
        return Mailbox(self, name)

    def browser(self, name=""):
        """A browser, signed in as somebody unless no name is given. It enforces CSRF tokens like a real one."""
        client = Client(enforce_csrf_checks=True)
        if name:
            client.force_login(self.people[name])
        return client

    @property
    def incident(self):
        """The newest incident; None while there is none."""
        return Incident.objects.order_by("-pk").first()

    def story(self):
        """The timeline of the newest incident as people read it, in order of what happened."""
        names = {user.public_id: user.name for user in self.people.values()}
        return [
            sentence(Line(e.kind, e.person.name if e.person else "", e.how, e.data, names))
            for e in story_of(self.incident)
        ]

    # --- what happens outside

    def breaks(self, name):
        """From now on the site fails its checks."""
        self.broken[self.monitors[name].pk] = True

    def mends(self, name):
        """From now on the site answers again."""
        self.broken.pop(self.monitors[name].pk, None)

    def inbound_sms(self, sender, body, *, sid="", token=None):
        """Somebody texts our number: Twilio's signed post, and our answer to it."""
        return self.post("/in/twilio/sms", self.twilio.sms_params(sender, body, sid=sid), token=token)

    def reports(self, text, status, error_code="", *, token=None):
        """Twilio tells how a text fares."""
        return self.post("/in/twilio/status", self.twilio.status_params(text, status, error_code), token=token)

    def call_reaches_us(self, address, params, token):
        """What a call asks and reports comes to the address we gave; (status, body)."""
        assert address.startswith(PUBLIC_URL)
        response = self.post(address.removeprefix(PUBLIC_URL), params, token=token)
        return response.status_code, response.content.decode()

    def post(self, path, params, *, token=None):
        """A form post as Twilio signs it. token "": unsigned; another one: signed by somebody else."""
        key = self.twilio.auth_token if token is None else token
        headers = {"X-Twilio-Signature": signature(key, PUBLIC_URL + path, params)} if key else {}
        return self.browser().post(path, urlencode(params), content_type=FORM, headers=headers)

    # --- time

    def advance(self, *, hours=0, minutes=0, seconds=0):
        """Let time pass, stopping at every instant at which something is due."""
        until = self.now + timedelta(hours=hours, minutes=minutes, seconds=seconds)
        self.tick()
        while (instant := self._next_due()) is not None and instant <= until:
            self.now = instant
            self.tick()
        self.now = until
        self.tick()

    def skip(self, *, hours=0, minutes=0, seconds=0):
        """Let time pass with the engine stopped, and start it again."""
        self._coming.clear()
        self.now += timedelta(hours=hours, minutes=minutes, seconds=seconds)
        self.tick()

    def tick(self):
        """One tick of the engine, its steps in their order; pages go out in it too."""
        claim(self.now)
        self._take_plans()
        self._check()
        windows(self.now)
        intake(self.now)
        release(self.now)
        oncall.exercise(self.now)
        oncall.plan(self.now)
        hang_up_due(now=self.now)
        send_due(now=self.now, slots=1)
        whisper_due(now=self.now)
        ask_due(now=self.now)
        oncall.reconcile(self.now)
        sweep(self.now)
        link(self.now)

    def _take_plans(self):
        for plan_id in ProbePlan.objects.filter(claimed_at__isnull=True).values_list("pk", flat=True):
            job = take(plan_id, now=self.now)
            slots = sorted(job.slots, key=lambda slot: slot.planned_at) if job else ()
            for slot in slots:
                heapq.heappush(
                    self._coming, _Check(slot.planned_at, next(self._order), slot, plan_id, slot is slots[-1])
                )

    def _check(self):
        while self._coming and self._coming[0].at <= self.now:
            check = heapq.heappop(self._coming)
            slot, trace = check.slot, A_FAULT if check.slot.monitor_id in self.broken else ALL_WELL
            finding = Finding(
                slot.monitor_id, slot.monitor_version, slot.location_id, slot.planned_at, slot.retry, 200, trace
            )
            hand_over([finding], now=self.now, ended_plans=[check.plan_id] if check.last else [])
            self._hear(slot.location_id)

    def _hear(self, location_id):
        """A location's sign of life, as the prober writes it: now and then."""
        if self.now - self._heard.get(location_id, self.now - HEARD_EVERY) >= HEARD_EVERY:
            self._heard[location_id] = self.now
            life.write(location_id, result_at=self.now)

    def _next_due(self):
        """The next instant after now at which a tick finds something to do."""
        dues = [
            rows.filter(**{f"{column}__gt": self.now}).aggregate(at=Min(column))["at"]
            for rows, column in (
                (Run.objects, "due_at"),
                (Incident.objects, "ask_again_at"),
                (Page.objects.filter(state="planned"), "due_at"),
                (Page.objects.filter(state="claimed"), "lease_until"),
                (ProviderPace.objects, "next_at"),
                (Attempt.objects, "inquire_at"),
                (Attempt.objects, "hang_up_at"),
                (MaintenanceSpan.objects.filter(ending=None), "planned_start"),
                (MaintenanceSpan.objects.filter(ending=None), "planned_end"),
                (MonitorState.objects, "silent_at"),
                (ProbeSlot.objects, "next_due_at"),
            )
        ]
        if dues[-1] is not None and dues[-1] - CLAIM_AHEAD > self.now:
            dues[-1] -= CLAIM_AHEAD  # checks are planned a little before their time
        if self._coming:
            dues.append(self._coming[0].at)
        return min((due for due in dues if due is not None), default=None)

    # --- the end

    def letters_nobody_expected(self):
        """Subjects of letters that no `expect` took."""
        return [(letter.to, letter.subject) for letter in mail.outbox if not getattr(letter, "expected", False)]

    def verify_nothing_else(self):
        """Fail for messages nobody expected."""
        self.twilio.verify_nothing_else()
        assert self.letters_nobody_expected() == []


def move_the_clock(world, monkeypatch):
    """Make the one clock of the house show the world's time, and let no time pass inside a tick."""

    class WorldsTime(datetime):
        @classmethod
        def now(cls, tz=None):
            return world.now

    # the insides of ledger.clock rather than the function, which other modules hold by name
    monkeypatch.setattr(clock, "datetime", WorldsTime)
    monkeypatch.setattr(clock, "connection", SimpleNamespace(vendor="sqlite"))
    monkeypatch.setattr(Stopwatch, "elapsed_s", lambda self: 0.0)


@pytest.fixture
def world(db, settings, monkeypatch):
    """A world in which all is well; at its end nothing unexpected may have gone out."""
    settings.PUBLIC_URL = PUBLIC_URL
    for rule in (refused_posts, requests_of_a_call, texts, presses):
        rule.clear()
    settings.ALLOWED_HOSTS = ["testserver", "watchbook.example"]
    with FakeTwilio(auth_token="the night's token") as twilio:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = twilio.account, twilio.auth_token
        settings.TWILIO_FROM, settings.TWILIO_BASE_URL = twilio.number, twilio.url
        made = World(twilio, NIGHT - timedelta(minutes=1))
        twilio.poster = made.call_reaches_us
        move_the_clock(made, monkeypatch)
        made.advance(minutes=1)
        yield made
        made.verify_nothing_else()
