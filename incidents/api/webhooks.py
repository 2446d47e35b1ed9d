"""Webhook endpoints: where incidents and pages are told. Address and secret go in or out once, and never again."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_team
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Text
from accounts.api.filters import Filters, FlagFilter, IdFilter, TextFilter
from accounts.api.people import TeamRef
from accounts.api.throttles import SEND
from accounts.api.views import ApiView, operation, reference
from incidents.access import get_webhook, require_webhook
from incidents.api.deliveries import DeliveryOut
from incidents.models import WebhookDelivery, WebhookEndpoint
from incidents.services.work import BadInput
from incidents.webhooks.catalog import choices
from incidents.webhooks.queries import endpoints_in_force
from incidents.webhooks.services import (
    NAME_MAX,
    URL_MAX,
    NotReplayable,
    change_endpoint,
    create_endpoint,
    pause_endpoint,
    replay_failed,
    resume_endpoint,
    retire_endpoint,
    rotate_secret,
    send_test,
)

REFUSALS: Refusals = {BadInput: Refusal(400, "invalid"), NotReplayable: Refusal(409, "conflict")}
EVENTS = [name for name, _ in choices()]


class WebhookOut(serializers.Serializer):
    """An endpoint without its secret."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    team = TeamRef(allow_null=True)
    url = serializers.CharField(source="url_mask", help_text="Without path and query, in which keys tend to stand.")
    events = serializers.ListField(child=serializers.CharField())
    secret_fingerprint = serializers.CharField()
    previous_secret_until = Instant(source="previous_until", allow_null=True)
    paused_at = Instant(allow_null=True)
    pause_cause = serializers.CharField(help_text="person, gone, or empty.")
    version = serializers.IntegerField()
    created_at = Instant()


class NewSecretOut(WebhookOut):
    """An endpoint whose secret was just made: shown once."""

    secret = serializers.CharField(
        allow_null=True, help_text="whsec_ and a key in base64. Shown once; null when the request is repeated."
    )


class WebhookIn(Body):
    """A new endpoint."""

    name = Text(max_length=NAME_MAX)
    team = Id("tea", required=False, allow_null=True, default=None)
    url = Text(max_length=URL_MAX, write_only=True)
    events = serializers.ListField(child=OneOf(choices=EVENTS), min_length=1, max_length=len(EVENTS))


class WebhookChange(Change):
    """What is to differ."""

    name = Text(max_length=NAME_MAX, required=False)
    team = Id("tea", required=False, allow_null=True)
    url = Text(max_length=URL_MAX, required=False, write_only=True)
    events = serializers.ListField(child=OneOf(choices=EVENTS), min_length=1, max_length=len(EVENTS), required=False)


class ReplayedOut(serializers.Serializer):
    """How much is sent again."""

    replayed = serializers.IntegerField()


class WebhookFilters(Filters):
    """Filters of endpoints."""

    team = IdFilter("team", label="Public id of a team.")
    name = TextFilter(lookup_expr="icontains", label="Part of the name.")
    paused = FlagFilter(method="is_paused", label="Whether it is paused.")

    def is_paused(self, rows: QuerySet[WebhookEndpoint], name: str, wanted: bool) -> QuerySet[WebhookEndpoint]:
        """Paused or not."""
        return rows.filter(paused_at__isnull=not wanted)


class Webhooks(ApiView):
    """Endpoints in force."""

    filterset_class = WebhookFilters
    refusals = REFUSALS

    @operation("List webhooks", verb="read", gives=WebhookOut, many=True)
    def get(self, request: Request) -> QuerySet[WebhookEndpoint]:
        """Oldest first, without secrets and with masked addresses."""
        return endpoints_in_force()

    @operation("Add a webhook", verb="edit", takes=WebhookIn, gives=NewSecretOut, status=201, shown_once=("secret",))
    def post(self, request: Request, body: dict[str, Any]) -> WebhookEndpoint:
        """It hears what happens from now on. The secret is in the answer, once."""
        team = reference("team", get_team, self.person, body["team"]) if body["team"] else None
        require_webhook(self.person, WebhookEndpoint(team=team), "edit")
        return create_endpoint(**{**body, "team": team}, now=self.now, reason="Added through the API")


class OneWebhook(ApiView):
    """One endpoint."""

    refusals = REFUSALS

    @operation("Read a webhook", verb="read", gives=WebhookOut)
    def get(self, request: Request, public_id: str) -> WebhookEndpoint:
        """An endpoint in force."""
        return get_webhook(self.person, public_id)

    @operation("Change a webhook", verb="edit", takes=WebhookChange, gives=WebhookOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> WebhookEndpoint:
        """What is planned already goes to the new address. A null team leaves it to the admins."""
        endpoint = get_webhook(self.person, public_id, "edit")
        why = seen(body)
        changes = {name: value for name, value in body.items() if name not in ("reason", "version")}
        if changes.get("team"):
            changes["team"] = reference("team", get_team, self.person, changes["team"])
        require_webhook(self.person, WebhookEndpoint(team=changes.get("team", endpoint.team)), "edit")
        return change_endpoint(endpoint, changes, now=self.now, **why)


class Rotation(ApiView):
    """A new secret."""

    @operation("Rotate the secret of a webhook", verb="edit", takes=Change, gives=NewSecretOut, shown_once=("secret",))
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> WebhookEndpoint:
        """Both secrets sign until `previous_secret_until`. The new one is in the answer, once."""
        return rotate_secret(get_webhook(self.person, public_id, "edit"), now=self.now, **seen(body))


class WebhookPause(ApiView):
    """Holding what is for an endpoint."""

    @operation("Pause a webhook", verb="edit", takes=Change, gives=WebhookOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> WebhookEndpoint:
        """What waits longer than a day is given up, and may be replayed."""
        endpoint = get_webhook(self.person, public_id, "edit")
        pause_endpoint(endpoint, now=self.now, **seen(body))
        return endpoint


class WebhookResumption(ApiView):
    """Sending again."""

    @operation("Resume a webhook", verb="edit", takes=Change, gives=WebhookOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> WebhookEndpoint:
        """What was held is sent first."""
        endpoint = get_webhook(self.person, public_id, "edit")
        resume_endpoint(endpoint, now=self.now, **seen(body))
        return endpoint


class WebhookRetirement(ApiView):
    """Taking an endpoint out of force."""

    @operation("Retire a webhook", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """What waits for it ends as failed; its log stays."""
        retire_endpoint(get_webhook(self.person, public_id, "edit"), now=self.now, **seen(body))


class WebhookTest(ApiView):
    """Trying an endpoint."""

    refusals = REFUSALS

    @operation("Send a test to a webhook", verb="edit", gives=DeliveryOut, status=202, rule=SEND)
    def post(self, request: Request, public_id: str) -> WebhookDelivery:
        """An event of kind webhook.test, planned; the engine sends it."""
        return send_test(get_webhook(self.person, public_id, "edit"), now=self.now)


class FailedReplay(ApiView):
    """Everything that failed, again."""

    refusals = REFUSALS

    @operation("Replay what failed", verb="edit", gives=ReplayedOut, status=202, rule=SEND)
    def post(self, request: Request, public_id: str) -> dict[str, int]:
        """Up to 500 deliveries whose bodies are still kept, oldest first, with the same ids."""
        return {"replayed": replay_failed(get_webhook(self.person, public_id, "edit"), now=self.now)}


def seen(body: dict[str, Any]) -> dict[str, Any]:
    """The reason and the version that a change carries, as the services take them."""
    return {"reason": body["reason"], "expected_version": body.get("version")}
