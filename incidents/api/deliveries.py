"""Deliveries of webhooks: the log of what was sent, when it was tried, and what came back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Instant
from accounts.api.filters import ChoiceOf, Filters, IdFilter, InstantFilter, TextFilter
from accounts.api.throttles import SEND
from accounts.api.views import ApiView, operation
from incidents.access import all_deliveries, get_delivery, get_webhook
from incidents.models import WebhookDelivery
from incidents.webhooks.queries import attempts_of
from incidents.webhooks.services import NotReplayable, replay
from incidents.webhooks.states import STATES

REFUSALS: Refusals = {NotReplayable: Refusal(409, "conflict")}


class DeliveryOut(serializers.Serializer):
    """One event on its way to one endpoint."""

    id = serializers.CharField(source="public_id")
    webhook = serializers.CharField(source="endpoint.public_id")
    event = serializers.CharField(source="event.public_id", help_text="The webhook-id that the receiver sees.")
    kind = serializers.CharField(source="event.kind")
    subject = serializers.CharField(source="event.subject", help_text="INC-2026-0042, or empty.")
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField()
    planned_at = Instant()
    due_at = Instant()
    first_attempt_at = Instant(allow_null=True)
    delivered_at = Instant(allow_null=True)
    ended_at = Instant(allow_null=True)
    attempts_made = serializers.IntegerField()
    replays = serializers.IntegerField()
    last_status = serializers.IntegerField(help_text="HTTP status of the newest answer; 0 when none came.")
    last_answer = serializers.CharField(help_text="How it began; addresses and keys are taken out. Kept for 30 days.")


class WebhookAttemptOut(serializers.Serializer):
    """One call."""

    n = serializers.IntegerField()
    begun_at = Instant()
    ended_at = Instant(allow_null=True)
    outcome = serializers.CharField(allow_null=True, help_text="delivered, failed, unknown; null under way.")
    http_status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)


class OneDeliveryOut(DeliveryOut):
    """A delivery with its attempts and what is sent."""

    payload = serializers.CharField(source="event.payload", help_text="The exact body; empty after 30 days.")
    attempts = serializers.SerializerMethodField()

    @extend_schema_field(WebhookAttemptOut(many=True))
    def get_attempts(self, delivery: WebhookDelivery) -> Any:
        """In order."""
        return WebhookAttemptOut(attempts_of(delivery), many=True).data


class LogFilters(Filters):
    """Filters of one endpoint's log."""

    state = ChoiceOf(choices=STATES)
    kind = TextFilter(field_name="event__kind", label="Such as incident.acknowledged.")
    subject = TextFilter(field_name="event__subject", label="Number of an incident.")
    planned_from = InstantFilter(field_name="planned_at", lookup_expr="gte", label="Planned at or after.")
    planned_to = InstantFilter(field_name="planned_at", lookup_expr="lt", label="Planned before.")


class DeliveryFilters(LogFilters):
    """Filters of all deliveries."""

    webhook = IdFilter("endpoint", label="Public id of a webhook.")


class DeliveriesOfWebhook(ApiView):
    """One endpoint's log."""

    filterset_class = LogFilters
    order = ("-id",)

    @operation("List the deliveries of a webhook", verb="read", gives=DeliveryOut, many=True)
    def get(self, request: Request, public_id: str) -> QuerySet[WebhookDelivery]:
        """Newest first."""
        return all_deliveries(self.person).filter(endpoint=get_webhook(self.person, public_id))


class Deliveries(ApiView):
    """Every delivery, to retired endpoints too."""

    filterset_class = DeliveryFilters
    order = ("-id",)

    @operation("List deliveries", verb="read", gives=DeliveryOut, many=True)
    def get(self, request: Request) -> QuerySet[WebhookDelivery]:
        """Newest first."""
        return all_deliveries(self.person)


class OneDelivery(ApiView):
    """One delivery."""

    @operation("Read a delivery", verb="read", gives=OneDeliveryOut)
    def get(self, request: Request, public_id: str) -> WebhookDelivery:
        """With every attempt and the body."""
        return get_delivery(self.person, public_id)


class Replay(ApiView):
    """Sending it again."""

    refusals = REFUSALS

    @operation("Replay a delivery", verb="edit", gives=DeliveryOut, status=202, rule=SEND)
    def post(self, request: Request, public_id: str) -> WebhookDelivery:
        """One that ended, delivered or not, with the same id and body. The receiver may know it already."""
        return replay(get_delivery(self.person, public_id, "edit"), now=self.now)
