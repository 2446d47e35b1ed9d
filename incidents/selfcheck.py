"""What incidents promise: signals and answers are taken, nobody's incident is left without a page, routes lead somewhere."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from incidents.intake import run as take_signals
from incidents.models import Incident, Route, WebhookDelivery
from incidents.services import calling
from incidents.services.rows import lock
from incidents.services.sms import WRONG_CODES_ANSWERED, apply_waiting, wrong_codes
from incidents.states import TRIGGERED
from incidents.subjects import KIND
from incidents.webhooks.queries import oldest_due
from ledger.hints import hint
from ledger.promises import MOST_NAMED, Breach, Promise, counted, named, waiting
from monitors.models import Service
from monitors.queries import oldest_unclaimed_signal
from oncall.escalation.states import STOPPABLE
from oncall.models import InboundSms, Run

log = structlog.get_logger(__name__)

TAKEN_WITHIN = timedelta(seconds=30)
UNANSWERED_FOR = timedelta(minutes=5)
TRIED_WITHIN = timedelta(seconds=60)
SEVERITIES = frozenset({1, 2, 3, 4})


def signals_taken(now: datetime) -> Breach | None:
    """Every signal became an event within thirty seconds."""
    oldest = oldest_unclaimed_signal()
    if oldest is None or oldest >= now - TAKEN_WITHIN:
        return None
    return Breach(waiting(1, "signal", oldest, now, "to be taken"))


def texts_handled(now: datetime) -> Breach | None:
    """Every text somebody sent was acted on within thirty seconds."""
    left = InboundSms.objects.filter(handled_at__isnull=True, received_at__lt=now - TAKEN_WITHIN)
    oldest = left.order_by("received_at").values_list("received_at", flat=True).first()
    if oldest is None:
        return None
    return Breach(waiting(left.count(), "text", oldest, now, "to be acted on"))


def codes_fit(now: datetime) -> Breach | None:
    """Nobody guesses at the codes of pages."""
    counts = Counter(sms.from_fingerprint for sms in wrong_codes(now=now))
    guessing = sum(number > WRONG_CODES_ANSWERED for number in counts.values())
    if not guessing:
        return None
    return Breach(f"{counted(guessing, 'phone')} sent more than {WRONG_CODES_ANSWERED} wrong codes within 1 h.")


def triggered_are_paged(now: datetime) -> Breach | None:
    """An incident nobody has is being escalated, or was to its end."""
    left = _without_run(now)
    numbers = list(left.values_list("number", flat=True)[:MOST_NAMED])
    if not numbers:
        return None
    verb = "is" if len(numbers) == 1 else "are"
    said = f"{counted(left.count(), 'incident')} nobody has {verb} not being escalated."
    return Breach(said, named(numbers))


def somebody_answers(now: datetime) -> Breach | None:
    """Where a policy came to its end, somebody answered."""
    ended = _runs().filter(due_at__isnull=True, last_progress_at__lt=now - UNANSWERED_FOR)
    silent = _triggered().filter(Exists(ended)).order_by("opened_at")
    numbers = list(silent.values_list("number", flat=True)[:MOST_NAMED])
    if not numbers:
        return None
    said = f"Everybody was called for {counted(silent.count(), 'incident')}, and nobody answered."
    return Breach(said, named(numbers))


def routes_lead(now: datetime) -> Breach | None:
    """Every watched service has a route, of any severity, to a policy in force."""
    rows = Route.objects.in_force().filter(policy__retired_at__isnull=True).values_list("service_id", "severity")
    covered: dict[int | None, set[int]] = {}
    for service_id, severity in rows:
        covered.setdefault(service_id, set()).update(SEVERITIES if severity is None else {severity})
    of_any = covered.get(None, set())
    if of_any >= SEVERITIES:
        return None
    watched = Service.objects.in_force().filter(monitors__retired_at__isnull=True, monitors__isnull=False).distinct()
    lost = [
        public_id
        for key, public_id in watched.order_by("pk").values_list("pk", "public_id")
        if not covered.get(key, set()) | of_any >= SEVERITIES
    ]
    if not lost:
        return None
    verb = "has" if len(lost) == 1 else "have"
    said = f"{counted(len(lost), 'service')} {verb} no route for some severity: their faults go to the catch-all."
    return Breach(said, named(lost))


def webhooks_on_time(now: datetime) -> Breach | None:
    """Every event for another system is tried within a minute of its time; what waits for a retry is not due."""
    oldest = oldest_due(now=now)
    if oldest is None or oldest >= now - TRIED_WITHIN:
        return None
    overdue = WebhookDelivery.objects.due(now - TRIED_WITHIN)
    return Breach(waiting(overdue.count(), "webhook delivery", oldest, now, "to be tried", "webhook deliveries"))


def page_again(now: datetime) -> int:
    """Begin a run for each incident that nobody has and nobody is paged for; return how many."""
    begun = 0
    for number in list(_without_run(now).values_list("number", flat=True)[:MOST_NAMED]):
        with transaction.atomic():
            incident = lock(Incident.objects.get(number=number))
            if incident.state == TRIGGERED:
                calling.start(incident, now=now)
                begun += 1
        log.warning("escalation_begun_again", incident=number)
    return begun


def _triggered() -> QuerySet[Incident]:
    return Incident.objects.unacknowledged()


def _runs() -> QuerySet[Run]:
    return Run.objects.filter(subject_kind=KIND, subject_id=OuterRef("number"), state__in=STOPPABLE)


def _without_run(now: datetime) -> QuerySet[Incident]:
    """Incidents are opened together with their run; one without was changed behind our back."""
    old = _triggered().filter(recorded_at__lt=now - TAKEN_WITHIN)
    return old.filter(~Exists(_runs())).order_by("opened_at")


PROMISES = (
    Promise(
        name="incidents.signals_taken",
        says="Every signal of a monitor is taken within 30 s.",
        trouble="faults do not become incidents",
        check=signals_taken,
        remedy="Look for `signal_put_back` in the engine's log.",
        repair=take_signals,
        mends="takes them",
        endangers=True,
    ),
    Promise(
        name="incidents.texts_handled",
        says="Every text that answers a page is acted on within 30 s.",
        trouble="answers to pages are not heard",
        check=texts_handled,
        remedy="Look for `sms_not_applied` in the log.",
        repair=lambda now: apply_waiting(now=now),
        mends="acts on them",
        endangers=True,
    ),
    Promise(
        name="incidents.codes_fit",
        says="No phone sends more than 3 codes in 1 h that none of its pages has.",
        trouble="somebody guesses at codes",
        check=codes_fit,
        remedy="Ask who has that phone. Its pages can still be answered by link and by what they say; remove the contact if it was lost.",
    ),
    Promise(
        name="incidents.triggered_are_paged",
        says="An incident that nobody has is being escalated, or was to the end of its policy.",
        trouble="an open incident pages nobody",
        check=triggered_are_paged,
        remedy="Escalate it by hand, and run `manage.py verify_ledger`: somebody changed the database.",
        repair=page_again,
        mends="begins its escalation again",
        endangers=True,
    ),
    Promise(
        name="incidents.somebody_answers",
        says="Somebody answers within 5 min of the end of a policy.",
        trouble="nobody answers",
        check=somebody_answers,
        remedy="Take the incident, and ask why nobody was reached.",
    ),
    Promise(
        name="incidents.routes_lead",
        says="Every watched service has a route for every severity to a policy in force.",
        trouble="some faults have no route",
        check=routes_lead,
        remedy="Add a default route.",
    ),
    Promise(
        name="incidents.webhooks_on_time",
        says="Every webhook delivery is tried within 60 s of its time.",
        trouble="other systems are not told",
        check=webhooks_on_time,
        remedy="Look whether a worker takes the queue slow, and whether a receiver answers slowly.",
        repair=lambda now: hint("webhook"),
        mends="knocks on the sender's door",
    ),
)
