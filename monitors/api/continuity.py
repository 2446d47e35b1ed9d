"""Whether the monitoring itself ran: day by day, and by monitor."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.filters import DayFilter, Filters
from accounts.api.views import ApiView, operation
from monitors.models import ContinuityDay


class DayOut(serializers.Serializer):
    """One day of UTC that is over. null: not known."""

    id = serializers.CharField(source="public_id")
    day = serializers.DateField()
    monitors = serializers.IntegerField(help_text="That were to be checked on the day.")
    checks_expected = serializers.IntegerField(help_text="By the settings in force at each instant of the day.")
    checks_executed = serializers.IntegerField(allow_null=True)
    checks_late = serializers.IntegerField(
        allow_null=True, help_text="Came more than 15 minutes late; count in nothing."
    )
    longest_gap_s = serializers.IntegerField(allow_null=True)
    engine_up_s = serializers.IntegerField(allow_null=True)
    sender_up_s = serializers.IntegerField(allow_null=True)
    database_up_s = serializers.IntegerField(allow_null=True)
    recorded_at = Instant()


class DayFilters(Filters):
    """Filters of days."""

    day_from = DayFilter(field_name="day", lookup_expr="gte", label="On or after.")
    day_to = DayFilter(field_name="day", lookup_expr="lt", label="Before.")


class ContinuityDays(ApiView):
    """Days of monitoring."""

    filterset_class = DayFilters
    order = ("-id",)  # days are counted in order

    @operation("List days of monitoring", verb="read", gives=DayOut, many=True)
    def get(self, request: Request) -> QuerySet[ContinuityDay]:
        """Newest first. A day is counted once, when it is sealed, and never again."""
        return ContinuityDay.objects.all()
