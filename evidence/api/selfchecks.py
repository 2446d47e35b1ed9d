"""What the auditor found about Watchbook itself, and when it looked."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.filters import Filters, FlagFilter, InstantFilter, TextFilter
from accounts.api.views import ApiView, operation
from evidence.access import all_findings, all_hours, get_finding
from evidence.models import AuditHour, SelfCheckFinding


class FindingOut(serializers.Serializer):
    """From when to when a promise of docs/self-checks.md did not hold. `about` holds ids of the first objects concerned."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    sentence = serializers.CharField()
    about = serializers.ListField(child=serializers.CharField())
    endangers_paging = serializers.BooleanField(source="endangers")
    opened_at = Instant()
    last_seen_at = Instant()
    seen = serializers.IntegerField()
    raised_at = Instant(allow_null=True)
    closed_at = Instant(allow_null=True)
    repaired = serializers.BooleanField()


class FindingFilters(Filters):
    """Filters of findings."""

    open = FlagFilter(method="is_open", label="Does not hold now.")
    name = TextFilter(label="Name of the promise, such as oncall.pages_on_time.")
    endangers_paging = FlagFilter(field_name="endangers", label="Keeps pages from people.")
    opened_from = InstantFilter(field_name="opened_at", lookup_expr="gte", label="Began at or after.")
    opened_to = InstantFilter(field_name="opened_at", lookup_expr="lt", label="Began before.")

    def is_open(self, rows: QuerySet[SelfCheckFinding], name: str, wanted: bool) -> QuerySet[SelfCheckFinding]:
        """Open or closed."""
        return rows.filter(closed_at__isnull=wanted)


class HourOut(serializers.Serializer):
    """One hour of the auditor: in how many of its minutes it ran, and what it found."""

    hour = Instant()
    minutes_audited = serializers.IntegerField()
    minutes_broken = serializers.IntegerField()
    minutes_endangered = serializers.IntegerField()


class HourFilters(Filters):
    """Filters of hours."""

    hour_from = InstantFilter(field_name="hour", lookup_expr="gte", label="Began at or after.")
    hour_to = InstantFilter(field_name="hour", lookup_expr="lt", label="Began before.")


class Findings(ApiView):
    """Findings of the auditor."""

    filterset_class = FindingFilters
    order = ("-id",)

    @operation("List self-check findings", verb="read", gives=FindingOut, many=True)
    def get(self, request: Request) -> QuerySet[SelfCheckFinding]:
        """Newest first, those that ended included."""
        return all_findings(self.person)


class OneFinding(ApiView):
    """One finding."""

    @operation("Read a self-check finding", verb="read", gives=FindingOut)
    def get(self, request: Request, public_id: str) -> SelfCheckFinding:
        """Its sentence is that of the last audit that saw it."""
        return get_finding(self.person, public_id)


class Hours(ApiView):
    """When the auditor ran."""

    filterset_class = HourFilters
    order = ("-hour",)

    @operation("List audited hours", verb="read", gives=HourOut, many=True)
    def get(self, request: Request) -> QuerySet[AuditHour]:
        """Newest first. An hour that is missing was not audited at all."""
        return all_hours(self.person)
