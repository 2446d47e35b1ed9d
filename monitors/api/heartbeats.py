"""Heartbeats: the keys that ping, the pings that came, the runs they tell of, and when the next ones are expected."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import can, require
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Secret, Text, Whole
from accounts.api.filters import ChoiceOf, Filters, IdFilter, InstantFilter
from accounts.api.views import ApiView, operation, reference
from accounts.models import ApiToken
from accounts.scopes import opens
from monitors.access import get_monitor, get_ping, get_ping_key, get_service, require_ping_key
from monitors.api.inventory import Ref
from monitors.beats import body_text, coming_of, coming_runs, key_row, keys_in_force, recent_pings, runs_of
from monitors.heartbeats.fold import Kind, RunState
from monitors.heartbeats.schedules import EXPRESSION_MAX, WAYS
from monitors.kinds import KINDS
from monitors.kinds.heartbeat import BOUNDS
from monitors.models import Heartbeat, HeartbeatRun, Ping, PingBody, PingKey
from monitors.services.definition import read_check
from monitors.services.ping_keys import (
    NAME_MAX,
    OVERLAP_MOST_S,
    OVERLAP_S,
    create_project_key,
    retire_key,
    rotate_key,
)

KEY_MAX = 64


class PingKeyOut(serializers.Serializer):
    """A key that pings. Its address is told to those who may edit it, unless the key was brought along."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    monitor = Ref(allow_null=True)
    service = Ref(allow_null=True)
    address = serializers.SerializerMethodField()
    hint = serializers.CharField(help_text="The last characters of the key.")
    imported = serializers.BooleanField()
    ends_at = Instant(allow_null=True, help_text="Until when a key that was replaced goes on.")
    last_used_at = Instant(allow_null=True)
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)

    @extend_schema_field(serializers.CharField())
    def get_address(self, key: PingKey) -> str:
        """The address that pings, masked for who may not edit it and for tokens that may only read."""
        token = self.context["view"].request.auth
        trusted = not isinstance(token, ApiToken) or opens(token.scopes, "edit")
        reveal = trusted and can(self.context["person"], "edit", key.monitor or key.service)
        return key_row(key, reveal=reveal).address


class PingKeyIn(Body):
    """A new key for all heartbeats of a service's team."""

    name = Text(max_length=NAME_MAX)
    service = Id("svc")
    key = Secret(
        max_length=KEY_MAX, required=False, help_text="The ping key of a Healthchecks project; else one is made."
    )


class RotationIn(Change):
    """A new key in the place of one."""

    overlap_s = Whole(min_value=0, max_value=OVERLAP_MOST_S, required=False, help_text="How long the old key goes on.")
    key = Secret(max_length=KEY_MAX, required=False, help_text="A key that jobs use already; else one is made.")


class PingOut(serializers.Serializer):
    """One ping as it came."""

    id = serializers.CharField()
    monitor = serializers.CharField(source="monitor.public_id")
    key = serializers.CharField(source="key.public_id")
    received_at = Instant()
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    exit_status = serializers.IntegerField(allow_null=True)
    run_id = serializers.CharField(source="rid")
    method = serializers.CharField()
    agent = serializers.CharField()
    address = serializers.CharField(help_text="Of the caller, as our own proxies tell it.")
    body_bytes = serializers.IntegerField()
    body_sha256 = serializers.CharField()
    judged_at = Instant(allow_null=True)
    verdict = serializers.CharField(
        allow_null=True, help_text="counted, log, method or paused; null until it is judged."
    )


class OnePingOut(PingOut):
    """A ping with what the job sent."""

    body = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_body(self, ping: Ping) -> str | None:
        """As text, for 30 days; null where there is none."""
        held = PingBody.objects.filter(day=ping.day, ping_id=ping.id).first()
        return None if held is None else body_text(held.body)


class HeartbeatRunOut(serializers.Serializer):
    """One run of a job, decided once."""

    expected_at = Instant(allow_null=True)
    received_at = Instant(allow_null=True)
    lateness_s = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(choices=[state.value for state in RunState])
    duration_ms = serializers.IntegerField(allow_null=True)
    exit_status = serializers.IntegerField(allow_null=True)
    run_id = serializers.CharField(source="rid")
    detail = serializers.CharField()
    decided_at = Instant()
    monitor_version = serializers.IntegerField()


class ComingOut(serializers.Serializer):
    """An expected run."""

    at = Instant()
    deadline = Instant()
    local = serializers.DateTimeField(source="there", help_text="The same in the heartbeat's time zone.")


class NextRunsOut(serializers.Serializer):
    """The next five expected runs."""

    runs = ComingOut(many=True)


class ScheduleIn(Body):
    """A schedule that is no heartbeat yet."""

    schedule = OneOf(choices=list(WAYS))
    period_s = Whole(min_value=BOUNDS["period_s"][0], max_value=BOUNDS["period_s"][1], required=False)
    expression = Text(max_length=EXPRESSION_MAX, required=False, allow_blank=True)
    zone = Text(max_length=64, required=False)
    grace_s = Whole(min_value=BOUNDS["grace_s"][0], max_value=BOUNDS["grace_s"][1], required=False)


class PingFilters(Filters):
    """Filters of pings."""

    monitor = IdFilter("monitor", label="Public id of a heartbeat.")
    kind = ChoiceOf(choices=[kind.value for kind in Kind])
    received_from = InstantFilter(field_name="received_at", lookup_expr="gte", label="Received at or after.")
    received_to = InstantFilter(field_name="received_at", lookup_expr="lt", label="Received before.")


class RunFilters(Filters):
    """Filters of runs."""

    state = ChoiceOf(choices=[state.value for state in RunState])
    decided_from = InstantFilter(field_name="decided_at", lookup_expr="gte", label="Decided at or after.")
    decided_to = InstantFilter(field_name="decided_at", lookup_expr="lt", label="Decided before.")


class KeyFilters(Filters):
    """Filters of ping keys."""

    monitor = IdFilter("monitor", label="Public id of a heartbeat.")
    service = IdFilter("service", label="Public id of a service.")


class Pings(ApiView):
    """Pings of jobs."""

    filterset_class = PingFilters
    order = ("-received_at", "-id")

    @operation("List pings", verb="read", gives=PingOut, many=True)
    def get(self, request: Request) -> QuerySet[Ping]:
        """Newest first. Without a monitor those of today and yesterday (UTC)."""
        found = Ping.objects.all() if request.query_params.get("monitor") else recent_pings(self.now)
        return found.select_related("monitor", "key")


class OnePing(ApiView):
    """One ping."""

    @operation("Read a ping", verb="read", gives=OnePingOut)
    def get(self, request: Request, seq: int) -> Ping:
        """With what the job sent, for 30 days."""
        return get_ping(self.person, seq)


class HeartbeatRuns(ApiView):
    """Runs of one heartbeat."""

    filterset_class = RunFilters
    order = ("-decided_at", "-id")

    @operation("List the runs of a heartbeat", verb="read", gives=HeartbeatRunOut, many=True)
    def get(self, request: Request, public_id: str) -> QuerySet[HeartbeatRun]:
        """Newest first. What was decided is never decided anew."""
        return runs_of(get_monitor(self.person, public_id))


class NextRuns(ApiView):
    """What is expected of one heartbeat."""

    @operation("Read the next runs of a heartbeat", verb="read", gives=NextRunsOut)
    def get(self, request: Request, public_id: str) -> dict[str, Any]:
        """Five; none while it is paused, and none of any other kind of monitor."""
        monitor = get_monitor(self.person, public_id)
        beat = Heartbeat.objects.filter(pk=monitor.pk).first()
        return {"runs": [] if beat is None else coming_of(monitor, beat, self.now)}


class SchedulePreview(ApiView):
    """What a schedule would expect."""

    @operation("Preview a schedule", verb="read", takes=ScheduleIn, gives=NextRunsOut, repeatable=False)
    def post(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """The next five runs, before anything is saved."""
        read, _ = read_check(KINDS["heartbeat"], body, {})
        return {"runs": coming_runs(read.as_json(), self.now)}


class PingKeys(ApiView):
    """Keys that ping."""

    filterset_class = KeyFilters

    @operation("List ping keys", verb="read", gives=PingKeyOut, many=True)
    def get(self, request: Request) -> QuerySet[PingKey]:
        """Those that still open something, oldest first, replaced ones until they end."""
        return keys_in_force(now=self.now)

    @operation("Create a ping key", verb="edit", takes=PingKeyIn, gives=PingKeyOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> PingKey:
        """It pings every heartbeat of the service's team by its slug; with `?create=1` it makes new ones."""
        service = reference("service", get_service, self.person, body["service"])
        require(self.person, "edit", service)
        return create_project_key(
            service, name=body["name"], plain=body.get("key", ""), now=self.now, reason="Created through the API"
        )


class OnePingKey(ApiView):
    """One key."""

    @operation("Read a ping key", verb="read", gives=PingKeyOut)
    def get(self, request: Request, public_id: str) -> PingKey:
        """Retired ones too."""
        return get_ping_key(self.person, public_id)


class KeyRotation(ApiView):
    """A new key."""

    @operation("Rotate a ping key", verb="edit", takes=RotationIn, gives=PingKeyOut, status=201)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> PingKey:
        """The new key is the answer; the old one goes on for `overlap_s`, a week if not given."""
        key = get_ping_key(self.person, public_id)
        require_ping_key(self.person, key, "edit")
        return rotate_key(
            key, overlap_s=body.get("overlap_s", OVERLAP_S), plain=body.get("key", ""), now=self.now,
            reason=body["reason"], expected_version=body.get("version"),
        )  # fmt: skip


class KeyRetirement(ApiView):
    """The end of a key."""

    @operation("Retire a ping key", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """At once. The current key of a heartbeat is rotated instead."""
        key = get_ping_key(self.person, public_id)
        require_ping_key(self.person, key, "edit")
        retire_key(key, now=self.now, reason=body["reason"], expected_version=body.get("version"))
