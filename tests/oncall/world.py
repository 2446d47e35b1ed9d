"""A small world with its own clock: people with phones and letter boxes, ticks, and stories played on them."""

from datetime import timedelta

from django.db.models import Min

from ledger.link import link_entries
from oncall import ticks
from oncall.escalation import services as escalation
from oncall.models import Attempt, Page, ProviderPace, Run
from oncall.notify import callbacks, sender, twilio_signature
from oncall.notify.hangups import hang_up_due
from oncall.notify.inquiries import ask_due
from oncall.notify.whispers import whisper_due
from oncall.subject import Subject
from tests import builders
from tests.fakes.twilio import signature

STATUS = "/in/twilio/status"


class World:
    """`world.advance(minutes=10)` runs real ticks at every instant at which a row is due."""

    def __init__(self, *, twilio, smtp, settings, now=builders.NIGHT):
        self.now, self.twilio, self.smtp, self.settings = now, twilio, smtp, settings
        self.team = builders.team(now=now)

    # people

    def person(self, name, role="responder", **more):
        return builders.person(name, role, team=self.team, now=self.now, **more)

    def policy(self, *steps, **more):
        return builders.policy(*steps, team=self.team, now=self.now, **more)

    # time

    def tick(self):
        """One round of every tick at this instant, as an engine runs them each second."""
        ticks.plan(self.now)
        hang_up_due(now=self.now)
        sender.send_due(now=self.now, slots=1)
        whisper_due(now=self.now)
        ask_due(now=self.now)
        ticks.reconcile(self.now)

    def settle(self, rounds=6):
        """Tick until this instant has nothing more to give."""
        for _ in range(rounds):
            self.tick()
            self.now += timedelta(milliseconds=200)

    def advance(self, *, seconds=0, minutes=0, hours=0):
        """Let time pass, stopping to tick wherever a row is due."""
        end = self.now + timedelta(seconds=seconds, minutes=minutes, hours=hours)
        self.tick()
        while (due := self._next_due()) is not None and due <= end:
            self.now = max(self.now + timedelta(milliseconds=100), due)
            self.tick()
        self.now = end
        self.settle(3)

    def sleep(self, *, seconds=0, minutes=0, hours=0):
        """Let time pass with nothing running, as in an outage."""
        self.now += timedelta(seconds=seconds, minutes=minutes, hours=hours)

    def _next_due(self):
        dues = [
            Run.objects.filter(due_at__gt=self.now, state__in=("running", "exhausted", "nobody_notified")),
            Page.objects.filter(due_at__gt=self.now, state="planned"),
        ]
        found = [rows.aggregate(m=Min("due_at"))["m"] for rows in dues]
        found.append(ProviderPace.objects.filter(next_at__gt=self.now).aggregate(m=Min("next_at"))["m"])
        found.append(Attempt.objects.filter(inquire_at__gt=self.now).aggregate(m=Min("inquire_at"))["m"])
        late = Attempt.objects.filter(completed_at__isnull=True, deadline__gt=self.now)
        found.append(late.aggregate(m=Min("deadline"))["m"])
        return min((due + timedelta(milliseconds=1) for due in found if due), default=None)

    # the story

    def subject(self, number="INC-2026-0001", *, severity=1, urgency="high", title="Checkout API is down"):
        return Subject(
            "incident", number, "svc_checkout", severity, urgency, title,
            f"{self.settings.PUBLIC_URL}/incidents/{number}/",
        )  # fmt: skip

    def begin(self, policy, **more):
        """Start a run and let nothing happen yet."""
        return escalation.start(self.subject(**more), policy, now=self.now)

    def start(self, policy, **more):
        """Start a run and let its first step happen."""
        run = self.begin(policy, **more)
        self.settle()
        run.refresh_from_db()
        return run

    def stop(self, reason, *, by=None, number="INC-2026-0001"):
        return escalation.stop("incident", number, reason, now=self.now, by=by)

    def report(self, text, status, code="", *, token=None):
        """Twilio says something about a text: verified and stored, as the view does."""
        text.status, text.error_code = status, code
        params = self.twilio.status_params(text, status, code)
        signed = signature(token or self.twilio.auth_token, self.settings.PUBLIC_URL + STATUS, params)
        if not twilio_signature.verify(STATUS, params, signed):
            return False
        return callbacks.store(params, now=self.now)

    def pages(self, **wanted):
        return list(Page.objects.filter(**wanted).select_related("person", "contact", "run").order_by("pk"))

    def link(self):
        return link_entries()
