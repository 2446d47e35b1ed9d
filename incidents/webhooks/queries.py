"""Reads: endpoints with how they fare, and their logs. Nothing here changes a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from incidents.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from incidents.webhooks.states import DELIVERED, FAILED, PLANNED, SENDING

LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Health:
    """How an endpoint fares: counts of the last 7 days, when it last took or lost something, since when something waits.

    retrying: how much of what waits was tried at least once.
    """

    delivered: int = 0
    failed: int = 0
    waiting: int = 0
    retrying: int = 0
    last_failed_at: datetime | None = None
    last_delivered_at: datetime | None = None
    waiting_since: datetime | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the last thing that came to an end did not arrive."""
        if self.last_failed_at is None:
            return False
        return self.last_delivered_at is None or self.last_delivered_at < self.last_failed_at


def endpoints_in_force() -> QuerySet[WebhookEndpoint]:
    """Endpoints by name, with their team."""
    return WebhookEndpoint.objects.in_force().select_related("team").order_by("name", "pk")


def health_of(endpoints: Iterable[WebhookEndpoint], *, now: datetime) -> dict[int, Health]:
    """How each endpoint fared lately, by its key; one query, which a long log does not slow down."""
    open_ = Q(state__in=(PLANNED, SENDING))
    rows: list[Any] = list(
        WebhookDelivery.objects.filter(endpoint__in=[one.pk for one in endpoints], planned_at__gt=now - LATELY)
        .order_by()
        .values("endpoint")
        .annotate(
            delivered=Count("pk", filter=Q(state=DELIVERED)),
            failed=Count("pk", filter=Q(state=FAILED)),
            waiting=Count("pk", filter=open_),
            retrying=Count("pk", filter=open_ & Q(attempts_made__gt=0)),
            last_failed_at=Max("ended_at", filter=Q(state=FAILED)),
            last_delivered_at=Max("ended_at", filter=Q(state=DELIVERED)),
            waiting_since=Min("planned_at", filter=open_),
        )
    )
    return {row.pop("endpoint"): Health(**row) for row in rows}


def deliveries_of(endpoint: WebhookEndpoint, *, state: str = "", kind: str = "") -> QuerySet[WebhookDelivery]:
    """An endpoint's log, newest first. A filter that is empty is not applied."""
    found = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("event", "endpoint")
    if state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(event__kind=kind)
    return found.order_by("-pk")


def attempts_of(delivery: WebhookDelivery) -> list[WebhookAttempt]:
    """Every call of a delivery, in order."""
    return list(WebhookAttempt.objects.filter(delivery=delivery).order_by("n"))


def oldest_due(*, now: datetime) -> datetime | None:
    """Since when the longest waiting delivery is due, None when none waits. Those of paused endpoints do not count."""
    return WebhookDelivery.objects.due(now).order_by("due_at").values_list("due_at", flat=True).first()
