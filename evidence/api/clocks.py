"""What our clocks were worth, hour by hour."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.filters import Filters, InstantFilter
from accounts.api.views import ApiView, operation
from evidence.access import all_readings
from evidence.models import ClockReading


class ReadingOut(serializers.Serializer):
    """One look at the clocks. `offset_ms` is the machine's clock minus the database's, which decides what is due."""

    id = serializers.CharField(source="public_id")
    hour = Instant()
    read_at = Instant()
    source = serializers.ChoiceField(choices=["kernel", "none"])  # type: ignore[assignment]
    synchronised = serializers.BooleanField(allow_null=True, help_text="Null where nobody can say.")
    max_error_ms = serializers.IntegerField(allow_null=True, help_text="The kernel's own bound.")
    offset_ms = serializers.IntegerField()


class ReadingFilters(Filters):
    """Filters of readings."""

    hour_from = InstantFilter(field_name="hour", lookup_expr="gte", label="Began at or after.")
    hour_to = InstantFilter(field_name="hour", lookup_expr="lt", label="Began before.")


class ClockReadings(ApiView):
    """Looks at the clocks."""

    filterset_class = ReadingFilters
    order = ("-hour",)

    @operation("List clock readings", verb="read", gives=ReadingOut, many=True)
    def get(self, request: Request) -> QuerySet[ClockReading]:
        """Newest first, at most one an hour. An hour that is missing was not looked at."""
        return all_readings(self.person)
