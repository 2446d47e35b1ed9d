"""What the engine does for webhooks each second, beside paging and after it. Safe to run twice, at once, and late."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from incidents.models import WebhookCursor, WebhookDelivery, WebhookEndpoint, WebhookEvent
from incidents.webhooks import sender
from incidents.webhooks.planning import plan_deliveries
from incidents.webhooks.queries import oldest_due
from incidents.webhooks.services import give_up
from incidents.webhooks.states import PLANNED
from ledger.hints import hint
from oncall.stopwatch import Stopwatch

# After this the rest is left to the next tick.
PLAN_BUDGET_S = 1.0
KEEP_BODIES = timedelta(days=30)


def webhooks(now: datetime) -> int:
    """Make deliveries of what happened, free what a dead sender held, knock on the sender's door; how many lines of the ledger were told.

    Calls nobody: the sender has a queue of its own, so that no receiver holds a tick.
    """
    if not WebhookCursor.objects.exists():
        return 0  # nobody ever asked for anything
    watch = Stopwatch(now)
    read = 0
    while watch.elapsed_s() < PLAN_BUDGET_S and (batch := plan_deliveries(now=now)):
        read += batch
    sender.release_expired(now=now)
    expire(now=now)
    if oldest_due(now=now) is not None:
        hint("webhook")
    return read


def send_webhooks(now: datetime) -> int:
    """Send what is due; return how many calls were made. Waits for receivers."""
    return sender.send_due(now=now)


def expire(*, now: datetime) -> int:
    """Give up what waited for a paused endpoint for longer than retries last, or waits for a retired one; how much."""
    waiting = WebhookDelivery.objects.filter(state=PLANNED)
    overdue = waiting.filter(expires_at__lt=now, endpoint__paused_at__isnull=False)
    homeless = waiting.filter(endpoint__retired_at__isnull=False)
    ids = set((overdue | homeless).values_list("endpoint", flat=True)[:500])
    given_up = 0
    for endpoint in WebhookEndpoint.objects.filter(pk__in=ids):
        with transaction.atomic():
            if endpoint.retired_at is not None:
                given_up += give_up(endpoint, "retired", now=now)
            else:
                given_up += give_up(endpoint, "expired", now=now, before=now)
    return given_up


def tidy(*, now: datetime) -> int:
    """Empty bodies and answers older than 30 days; rows, attempts and counts stay. How many bodies."""
    old = now - KEEP_BODIES
    WebhookDelivery.objects.filter(planned_at__lt=old).exclude(last_answer="").update(last_answer="")
    return WebhookEvent.objects.filter(planned_at__lt=old).exclude(payload="").update(payload="")
