"""Endpoints and deliveries as people change them. Configuration, so every change is a version with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.egress.signature import new_secret
from accounts.models import Team
from incidents.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from incidents.services.work import BadInput
from incidents.webhooks.catalog import GROUPS, KINDS, TEST
from incidents.webhooks.outcomes import end
from incidents.webhooks.payload import test_body
from incidents.webhooks.planning import begin_at_the_end, new_delivery
from incidents.webhooks.retry import life_s
from incidents.webhooks.states import ENDED, FAILED, PLANNED, move
from ledger.actors import current_actor
from ledger.hints import hint
from ledger.ids import new_public_id
from ledger.record import instant, record
from monitors.kinds.text import TargetError, read_url

NAME_MAX, URL_MAX = 80, 2000


class NotReplayable(ValueError):
    """The delivery cannot be sent again now; the message says why."""


def create_endpoint(
    *, name: str, team: Team | None, url: str, events: Sequence[str], now: datetime, reason: str = ""
) -> WebhookEndpoint:
    """Add an endpoint with a new secret, which the caller may show once. Raises BadInput.

    It is told what happens from now on; what happened before is not sent.
    """
    endpoint = WebhookEndpoint(name=name, team=team, url=_url(url), events=_events(events), secret=new_secret())
    with transaction.atomic():
        begin_at_the_end()
        _save(endpoint, now=now, reason=reason)
    return endpoint


def change_endpoint(
    endpoint: WebhookEndpoint,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> WebhookEndpoint:
    """Change some of name, team (None: the admins'), url and events. Raises BadInput, StaleVersion.

    What is planned already goes to the new address: it is the endpoint's, not the address's.
    """
    endpoint.name = changes.get("name", endpoint.name)
    endpoint.team = changes.get("team", endpoint.team)
    endpoint.url = _url(changes["url"]) if "url" in changes else endpoint.url
    endpoint.events = _events(changes["events"]) if "events" in changes else endpoint.events
    _save(endpoint, now=now, reason=reason, expected_version=expected_version)
    return endpoint


@transaction.atomic
def rotate_secret(
    endpoint: WebhookEndpoint, *, now: datetime, reason: str, expected_version: int | None = None
) -> WebhookEndpoint:
    """Make a new secret, which the caller may show once. The old one signs beside it for WEBHOOK_OVERLAP_S."""
    endpoint.previous_secret, endpoint.secret = endpoint.secret, new_secret()
    endpoint.previous_until = now + timedelta(seconds=settings.WEBHOOK_OVERLAP_S)
    endpoint.save(now=now, reason=reason, expected_version=expected_version)
    return endpoint


def pause_endpoint(
    endpoint: WebhookEndpoint, *, now: datetime, reason: str, expected_version: int | None = None
) -> None:
    """Hold what is for this endpoint. What waits longer than the retries last is given up, and may be replayed."""
    if endpoint.paused_at is None:
        endpoint.paused_at, endpoint.pause_cause = now, "person"
        endpoint.save(now=now, reason=reason, expected_version=expected_version)


def resume_endpoint(
    endpoint: WebhookEndpoint, *, now: datetime, reason: str, expected_version: int | None = None
) -> None:
    """Send again, what was held first."""
    if endpoint.paused_at is not None:
        with transaction.atomic():
            endpoint.paused_at, endpoint.pause_cause = None, ""
            endpoint.save(now=now, reason=reason, expected_version=expected_version)
            hint("webhook")


@transaction.atomic
def retire_endpoint(
    endpoint: WebhookEndpoint, *, now: datetime, reason: str, expected_version: int | None = None
) -> None:
    """Take an endpoint out of force for good. What waits for it ends as failed; its log stays."""
    endpoint.retire(now=now, reason=reason, expected_version=expected_version)
    give_up(endpoint, "retired", now=now)


def give_up(endpoint: WebhookEndpoint, reason: str, *, now: datetime, before: datetime | None = None) -> int:
    """End what waits for an endpoint, or what expired `before`; return how much. Runs in the caller's transaction."""
    waiting = WebhookDelivery.objects.select_for_update(of=("self",)).filter(endpoint=endpoint, state=PLANNED)
    if before is not None:
        waiting = waiting.filter(expires_at__lt=before)
    given_up = list(waiting.select_related("event").order_by("pk")[:500])
    for delivery in given_up:
        delivery.state, delivery.reason = move(delivery.state, "fail"), reason
        end(delivery, endpoint, now=now)
    return len(given_up)


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, now: datetime) -> WebhookDelivery:
    """Plan an event of kind webhook.test for one endpoint. Raises NotReplayable while it is paused."""
    if endpoint.paused_at is not None:
        raise NotReplayable(f"{endpoint.name} is paused. Resume it, then send a test.")
    actor, public_id = current_actor(), new_public_id("evt")
    event = WebhookEvent.objects.create(
        public_id=public_id,
        kind=TEST,
        payload=test_body(public_id, TEST, instant(now), {"kind": actor.kind, "id": actor.id}),
        recorded_at=now,
        planned_at=now,
    )
    delivery = new_delivery(endpoint, event, now=now)
    delivery.save()
    record("webhook.tested", [endpoint, delivery], {"event": public_id}, now=now)
    hint("webhook")
    return delivery


@transaction.atomic
def replay(delivery: WebhookDelivery, *, now: datetime) -> WebhookDelivery:
    """Send a delivery that ended once more, with the same id and body. Raises NotReplayable with a sentence."""
    held = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("endpoint", "event")
    delivery = held.get(pk=delivery.pk)
    if delivery.state not in ENDED:
        raise NotReplayable("It is on its way already.")
    if not delivery.event.payload:
        raise NotReplayable("Its body was removed: bodies are kept for 30 days.")
    if delivery.endpoint.retired_at is not None:
        raise NotReplayable(f"{delivery.endpoint.name} is retired.")
    was = delivery.state
    delivery.state, delivery.reason = move(was, "replay"), "replayed"
    delivery.tries, delivery.replays, delivery.ended_at = 0, delivery.replays + 1, None
    delivery.due_at, delivery.expires_at = now, now + timedelta(seconds=life_s(settings.WEBHOOK_DELAYS_S))
    delivery.save()
    about = [delivery.endpoint, delivery]
    record("webhook.replayed", about, {"event": delivery.event.public_id, "was": was}, now=now)
    hint("webhook")
    return delivery


def replay_failed(endpoint: WebhookEndpoint, *, now: datetime, limit: int = 500) -> int:
    """Send again everything that failed and still has its body, oldest first; return how much."""
    failed = WebhookDelivery.objects.filter(endpoint=endpoint, state=FAILED).exclude(event__payload="")
    chosen = list(failed.order_by("pk")[:limit])
    for delivery in chosen:
        replay(delivery, now=now)
    return len(chosen)


def _save(endpoint: WebhookEndpoint, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    endpoint.name = " ".join(endpoint.name.split())
    if not 1 <= len(endpoint.name) <= NAME_MAX:
        raise BadInput("name", f"A name has 1 to {NAME_MAX} characters.")
    twin = WebhookEndpoint.objects.in_force().filter(name=endpoint.name).exclude(pk=endpoint.pk)
    if twin.exists():
        raise BadInput("name", f"There is a webhook named {endpoint.name} already.")
    endpoint.save(now=now, reason=reason, expected_version=expected_version)


def _url(text: str) -> str:
    """An address that can be called. Whether it may be is asked at every call, since names and networks change."""
    try:
        return read_url(text)
    except TargetError as error:
        raise BadInput("url", error.sentence) from error


def _events(events: Sequence[str]) -> list[str]:
    known = [*GROUPS, *KINDS]
    unknown = sorted(set(events) - set(known))
    if unknown:
        raise BadInput("events", f"There is no event {unknown[0][:60]}. Choose of {', '.join(known)}.")
    if not events:
        raise BadInput("events", "Choose at least one event.")
    return [one for one in known if one in set(events)]
