"""What tests want to know of a filled demo: run inside it by `manage.py shell`, printed as one JSON line."""

import json
from collections import Counter
from itertools import pairwise

from django.test import Client

from accounts.models import ContactMethod, User
from config.demo.people import ADMIN_EMAIL
from evidence.models import AuditHour
from incidents.models import Incident, WebhookDelivery
from ledger.demo import is_demo, is_filled
from ledger.models import Entry, Seal
from ledger.seal_text import read
from monitors.continuity import continuity_of
from monitors.engine.packing import KEEP_ROWS
from monitors.models import SLA, MaintenanceSpan, Monitor, Result, ResultPack, StateInterval
from monitors.packs import decode
from monitors.samples import hour_of, packed_until, samples
from oncall.models import Attempt, OnCallInterval, Page, Schedule, StepExecution
from oncall.notify.links import token_for


def holes():
    """Monitors whose intervals do not tile their life."""
    found = []
    for monitor in Monitor.objects.all():
        rows = list(StateInterval.objects.filter(monitor=monitor).order_by("started_at"))
        tiles = all(one.ended_at == other.started_at for one, other in pairwise(rows))
        if not tiles or rows[0].started_at != monitor.created_at or rows[-1].ended_at is not None:
            found.append(monitor.name)
    return found


def disagreements():
    """Samples of spans in which nobody watched, and confirmed outages without a failed sample at their beginning."""
    wrong = []
    newest = Result.objects.order_by("-planned_at").first().planned_at
    for monitor in Monitor.objects.all():
        held = {one.planned_at: one.outcome for one in samples([monitor.pk], monitor.created_at, newest)[monitor.pk]}
        for span in StateInterval.objects.filter(monitor=monitor):
            end = span.ended_at or newest
            if span.state in ("unknown", "paused"):
                wrong += [[monitor.name, str(at)] for at in held if span.started_at <= at < end]
            if span.state == "down" and span.started_at < newest and held.get(span.started_at) != "failed":
                wrong.append([monitor.name, str(span.started_at)])
    return wrong


def hours_without_samples():
    """Whole hours in which a monitor was up, and of which no sample is kept, by its name."""
    missing = Counter()
    for monitor in Monitor.objects.all():
        held = set(ResultPack.objects.filter(monitor=monitor).values_list("hour", flat=True))
        for span in StateInterval.objects.filter(monitor=monitor, state="up"):
            last = min(hour_of(span.ended_at or span.covered_until), packed_until())
            missing[monitor.name] += len(set(range(hour_of(span.started_at) + 1, last)) - held)
    return +missing


def pages_with_the_mark():
    """Address → whether the mark stands on it, for somebody signed in, for a stranger, and behind a link."""
    signed_in, stranger = Client(HTTP_HOST="127.0.0.1"), Client(HTTP_HOST="127.0.0.1")
    signed_in.force_login(User.objects.get(email=ADMIN_EMAIL))
    incident = Incident.objects.open().order_by("-pk").first()
    page = Page.objects.filter(run__subject_id=incident.number, origin="step").order_by("-pk").first()
    monitor = Monitor.objects.order_by("pk").first()
    paths = [
        "/", "/incidents/", f"/incidents/{incident.number}/", "/monitors/", f"/monitors/{monitor.public_id}/?span=year",
        "/services/", "/policies/", "/people/", "/routes/", "/organisation/", "/me/", "/nowhere/",
    ]  # fmt: skip
    told = {path: b"Demo data." in signed_in.get(path).content for path in paths}
    for path in ("/sign-in/", f"/a/{token_for(page)}/", "/a/nobody/"):
        told[path] = b"Demo data." in stranger.get(path).content
    return told


def rotations():
    """By schedule, the people on record and whether the record has neither hole nor overlap to its end."""
    found = {}
    for schedule in Schedule.objects.all():
        rows = list(OnCallInterval.objects.filter(schedule=schedule).order_by("started_at", "pk"))
        tiles = all(one.ended_at == other.started_at for one, other in pairwise(rows)) and rows[-1].ended_at is None
        found[schedule.name] = [sorted({row.person.name for row in rows}), tiles]
    return found


def maintenance():
    """How many times of windows ended in which way, and the incidents of what a window covered that opened inside it."""
    spans = MaintenanceSpan.objects.select_related("window")
    woken = [
        incident.number
        for span in spans.filter(started_at__isnull=False)
        for incident in Incident.objects.filter(service__public_id__in=span.covered).order_by("opened_at")
        if span.started_at <= incident.recorded_at < (span.ended_at or span.planned_end)
    ]
    asked_alone = spans.filter(approved_alone=True).count()
    return [dict(Counter(span.ending or "open" for span in spans)), woken, asked_alone]


def answer():
    """All of it."""
    packs = ResultPack.objects.all()
    return {
        "demo": [is_demo(), is_filled()],
        "first_lines": list(Entry.objects.order_by("seq").values_list("kind", flat=True)[:2]),
        "holes": holes(),
        "disagreements": disagreements(),
        "hours_without_samples": hours_without_samples(),
        "webhooks": dict(
            Counter("/".join(one) for one in WebhookDelivery.objects.values_list("endpoint__name", "state"))
        ),
        "calls": sorted(set(Page.objects.filter(kind="voice").values_list("state", flat=True))),
        "calls_to_take_back": Attempt.objects.filter(hang_up_at__isnull=False).count(),
        "audited": [AuditHour.objects.count(), AuditHour.objects.filter(entered_at__isnull=True).count()],
        "unsealed_checks": [
            day.isoformat()
            for day in Seal.objects.values_list("day", flat=True)
            if read(Seal.objects.get(day=day).text)["checks_executed"]
            != str(continuity_of(day, now=Seal.objects.get(day=day).sealed_at).checks_executed)
        ],
        "rotations": rotations(),
        "maintenance": maintenance(),
        "agreements": {
            one.service.name: [
                one.version,
                one.approved_by is not None,
                one.written_by != (one.approved_by and one.approved_by.public_id),
            ]
            for one in SLA.objects.in_force()
        },
        "released": Entry.objects.filter(kind="alert.released").count(),
        "mark": pages_with_the_mark(),
        "states": dict(Counter("/".join(one) for one in StateInterval.objects.values_list("state", "cause"))),
        "confirmed_how": sorted(set(Page.objects.exclude(confirmed_how="").values_list("confirmed_how", flat=True))),
        "steps": sorted(set(StepExecution.objects.values_list("step", flat=True))),
        "catch_all": StepExecution.objects.filter(outcome="catch_all").count()
        + Page.objects.filter(rule="catch_all").count(),
        "reopened": max(Incident.objects.values_list("reopened_count", flat=True)),
        "incidents": Incident.objects.count(),
        "open": Incident.objects.open().count(),
        "addresses": [
            contact.address
            for contact in ContactMethod.objects.all()
            if not contact.address.endswith(".example") and not contact.address.startswith("+4477009001")
        ],
        "providers": sorted(set(Attempt.objects.values_list("from_label", flat=True))),
        "packed_until": packed_until() - hour_of(Result.objects.order_by("-planned_at").first().planned_at - KEEP_ROWS),
        "samples": sum(len(decode(body)) for body in packs.values_list("body", flat=True)[:200]),
    }


print(json.dumps(answer()))
