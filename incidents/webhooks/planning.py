"""From the ledger to deliveries: an entry is written in the transaction of its change, so no change goes untold (law 7).

Entries are read by the number the linker gives them after they committed. That number has no holes and only grows, so a
cursor cannot step over a change that commits late, as it could with ids. Cursor, events and deliveries are one
transaction: stopped at any point, the next tick makes the same ones, and unique keys refuse a second of each.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from incidents.models import WebhookCursor, WebhookDelivery, WebhookEndpoint, WebhookEvent
from incidents.subjects import KIND
from incidents.webhooks.payload import Subjects, body_of, subjects_of
from incidents.webhooks.retry import life_s
from ledger.ids import new_public_id
from ledger.models import Entry, Head

# so few lines at once keep the transaction within 50 ms; the tick goes on until all are told
BATCH = 20


def begin_at_the_end() -> None:
    """Put the cursor at the end of the chain if there is none yet: what happened before is not told."""
    WebhookCursor.objects.get_or_create(pk=1, defaults={"seq": _end_of_chain()})


def plan_deliveries(*, now: datetime, limit: int = BATCH) -> int:
    """Make the deliveries of the next entries since the last time; return how many entries were read.

    Safe to run twice, and at once. 0: everything chained so far is told.
    """
    seen = WebhookCursor.objects.values_list("seq", flat=True).first()
    if seen is None or seen >= _end_of_chain():
        return 0
    with transaction.atomic():
        cursor = WebhookCursor.objects.select_for_update().get(pk=1)
        # the end before the endpoints: an endpoint that is not seen below was made after every entry up to here
        end = _end_of_chain()
        entries = list(_entries(cursor.seq, end)[:limit])
        endpoints = list(WebhookEndpoint.objects.in_force().order_by("pk"))
        _make(entries, endpoints, now=now)
        cursor.seq = (entries[-1].seq or end) if len(entries) == limit else end
        cursor.save(update_fields=["seq"])
    return len(entries)


def new_delivery(endpoint: WebhookEndpoint, event: WebhookEvent, *, now: datetime) -> WebhookDelivery:
    """An unsaved delivery that is due now."""
    expires = now + timedelta(seconds=life_s(settings.WEBHOOK_DELAYS_S))
    return WebhookDelivery(endpoint=endpoint, event=event, planned_at=now, due_at=now, expires_at=expires)


def _make(entries: list[Entry], endpoints: list[WebhookEndpoint], *, now: datetime) -> None:
    """Paused endpoints too: what waits for them is sent when they are resumed."""
    wanted = {entry.pk: [one for one in endpoints if one.wants(entry.kind)] for entry in entries}
    told = [entry for entry in entries if wanted[entry.pk]]
    subjects = subjects_of(told)
    events = WebhookEvent.objects.bulk_create([_event(entry, subjects, now=now) for entry in told])
    WebhookDelivery.objects.bulk_create(
        [
            new_delivery(endpoint, event, now=now)
            for entry, event in zip(told, events, strict=True)
            for endpoint in wanted[entry.pk]
        ]
    )


def _event(entry: Entry, subjects: Subjects, *, now: datetime) -> WebhookEvent:
    public_id = new_public_id("evt")
    incident = subjects.incidents.get(entry.pk)
    return WebhookEvent(
        public_id=public_id,
        entry=entry,
        kind=entry.kind,
        subject=incident.number if incident else "",
        payload=body_of(entry, public_id, subjects),
        recorded_at=entry.recorded_at,
        planned_at=now,
    )


def _entries(after: int, until: int) -> QuerySet[Entry]:
    ours = Q(kind__startswith=f"{KIND}.") | Q(kind__startswith="page.")
    return Entry.objects.filter(ours, seq__gt=after, seq__lte=until).order_by("seq")


def _end_of_chain() -> int:
    return Head.objects.values_list("seq", flat=True).first() or 0
