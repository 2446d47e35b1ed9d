"""Alerts: one open thing per source and identity."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.filters import Filters, FlagFilter, IdFilter, InstantFilter, TextFilter, WholeFilter
from accounts.api.views import ApiView, operation
from incidents.access import all_alerts, get_alert
from incidents.models import Alert
from monitors.api.inventory import Ref


class AlertOut(serializers.Serializer):
    """One firing of one condition, from its first event to its end."""

    id = serializers.CharField(source="public_id")
    incident = serializers.CharField(source="incident.number", allow_null=True, default=None)
    source = serializers.CharField()  # type: ignore[assignment]
    condition = serializers.CharField()
    title = serializers.CharField()
    monitor = Ref(allow_null=True)
    service = Ref(allow_null=True)
    severity = serializers.IntegerField()
    urgency = serializers.CharField()
    reason = serializers.CharField()
    rule_version = serializers.IntegerField()
    opened_at = Instant()
    recorded_at = Instant()
    last_seen_at = Instant()
    count = serializers.IntegerField()
    closed_at = Instant(allow_null=True)
    closed_recorded_at = Instant(allow_null=True)
    closed_reason = serializers.CharField()
    suppressed_by = serializers.CharField()


class AlertFilters(Filters):
    """Filters of alerts."""

    open = FlagFilter(method="is_open", label="Not ended.")
    incident = TextFilter(field_name="incident__number", label="Number of an incident.")
    monitor = IdFilter("monitor", label="Public id of a monitor.")
    service = IdFilter("service", label="Public id of a service.")
    severity = WholeFilter(min_value=1, max_value=4)
    opened_from = InstantFilter(field_name="opened_at", lookup_expr="gte", label="Began at or after.")
    opened_to = InstantFilter(field_name="opened_at", lookup_expr="lt", label="Began before.")

    def is_open(self, rows: QuerySet[Alert], name: str, wanted: bool) -> QuerySet[Alert]:
        """Open or ended."""
        return rows.filter(closed_at__isnull=wanted)


class Alerts(ApiView):
    """Alerts."""

    filterset_class = AlertFilters
    order = ("-id",)

    @operation("List alerts", verb="read", gives=AlertOut, many=True)
    def get(self, request: Request) -> QuerySet[Alert]:
        """Newest first."""
        return all_alerts(self.person)


class OneAlert(ApiView):
    """One alert."""

    @operation("Read an alert", verb="read", gives=AlertOut)
    def get(self, request: Request, public_id: str) -> Alert:
        """With the incident that it belongs to."""
        return get_alert(self.person, public_id)
