"""What becomes of a delivery after an attempt: one function a transition, each under the delivery's row lock."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from incidents.models import WebhookDelivery, WebhookEndpoint
from incidents.webhooks import retry
from incidents.webhooks.retry import Answer, judge
from incidents.webhooks.states import move
from ledger.actors import SYSTEM, acting_as
from ledger.record import record

GONE_REASON = "The receiver answered 410 Gone."


def settle(delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer, *, now: datetime) -> str:
    """Move a delivery on after an answer, and save it; return the attempt's outcome: delivered or failed."""
    verdict = judge(answer, delivery.tries, now, delays_s=settings.WEBHOOK_DELAYS_S)
    delivery.lease_until, delivery.reason = None, verdict.reason
    if verdict.what == retry.DELIVERED:
        delivery.state = move(delivery.state, "deliver")
        delivery.delivered_at = delivery.delivered_at or now
        end(delivery, endpoint, now=now)
        return "delivered"
    if verdict.at is not None:
        delivery.state, delivery.due_at = move(delivery.state, "retry"), verdict.at
        delivery.save()
        return "failed"
    delivery.state = move(delivery.state, "fail")
    end(delivery, endpoint, now=now)
    if verdict.what == retry.GONE:
        _pause(endpoint, now=now)
    return "failed"


def end(delivery: WebhookDelivery, endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Write the end of a delivery, whatever it is, and prove it."""
    delivery.ended_at = now
    delivery.save()
    event = delivery.event
    data = {
        "event": event.public_id,
        "kind": event.kind,
        "state": delivery.state,
        "reason": delivery.reason,
        "attempts": delivery.attempts_made,
        "status": delivery.last_status,
    }
    record("webhook.ended", [endpoint, delivery], data, now=now, actor=SYSTEM)


def _pause(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Nobody wants it any more, the receiver says. A person resumes it, or retires it."""
    if endpoint.paused_at is None:
        endpoint.paused_at, endpoint.pause_cause = now, "gone"
        with acting_as(SYSTEM):
            endpoint.save(now=now, reason=GONE_REASON)
