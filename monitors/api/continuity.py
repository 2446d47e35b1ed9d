"""Whether the monitoring itself ran: days, spans of life, and gaps with what people say about them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Body, Instant, Text
from accounts.api.filters import ChoiceOf, DayFilter, Filters, InstantFilter
from accounts.api.views import ApiView, operation
from monitors.access import get_gap, get_monitor
from monitors.continuity import days_of
from monitors.gaps import CAUSES, COMPONENTS, SCOPES
from monitors.models import ContinuityDay, ControlMeasurement, LifeSpan, MonitoringGap
from monitors.services.gaps import NOTE_MAX, explain_gap
from monitors.watching import gaps, told


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


class RanOut(serializers.Serializer):
    """What the checks of one monitor came to on one day of UTC."""

    day = serializers.DateField()
    checks_expected = serializers.IntegerField(source="ran.expected")
    checks_executed = serializers.IntegerField(source="ran.executed")
    checks_missed = serializers.IntegerField(source="ran.missed")
    checks_late = serializers.IntegerField(source="ran.late", help_text="Came too late to count; among the missed.")
    longest_gap_s = serializers.IntegerField()


class DaysOfMonitor(serializers.Serializer):
    """The last days of one monitor, newest first, today as far as it has come."""

    monitor = serializers.CharField()
    days = RanOut(many=True)


class ContinuityOfMonitor(ApiView):
    """Whether a monitor was really checked."""

    @operation("Read the days of a monitor", verb="read", gives=DaysOfMonitor)
    def get(self, request: Request, public_id: str) -> dict[str, Any]:
        """The last 14 days on which it was to be checked: expected, executed, missed and late checks, longest gap."""
        monitor = get_monitor(self.person, public_id)
        return {"monitor": monitor.public_id, "days": days_of(monitor, now=self.now)}


class LifeSpanOut(serializers.Serializer):
    """A span in which a component of Watchbook was heard without a break; the open one reaches to `seen_at`."""

    id = serializers.CharField(source="public_id")
    component = serializers.ChoiceField(choices=list(COMPONENTS))
    started_at = Instant()
    seen_at = Instant()
    ended_at = Instant(allow_null=True)
    stopped_at = Instant(allow_null=True, help_text="When its last process said that it ends.")
    version = serializers.CharField()


class LifeFilters(Filters):
    """Filters of spans of life."""

    component = ChoiceOf(choices=list(COMPONENTS))
    started_from = InstantFilter(field_name="started_at", lookup_expr="gte", label="Began at or after.")
    started_to = InstantFilter(field_name="started_at", lookup_expr="lt", label="Began before.")


class LifeSpans(ApiView):
    """Who watched when."""

    filterset_class = LifeFilters
    order = ("-id",)

    @operation("List spans of life", verb="read", gives=LifeSpanOut, many=True)
    def get(self, request: Request) -> QuerySet[LifeSpan]:
        """Newest first."""
        return LifeSpan.objects.all()


class MeasurementOut(serializers.Serializer):
    """What the control targets of a location answered at an instant."""

    id = serializers.CharField(source="public_id")
    location = serializers.CharField(source="location.public_id")
    taken_at = Instant()
    answered = serializers.IntegerField()
    results = serializers.ListField(child=serializers.DictField())


class ControlMeasurements(ApiView):
    """Calls of control targets."""

    order = ("-id",)

    @operation("List control measurements", verb="read", gives=MeasurementOut, many=True)
    def get(self, request: Request) -> QuerySet[ControlMeasurement]:
        """Newest first."""
        return ControlMeasurement.objects.select_related("location")


class GapNoteOut(serializers.Serializer):
    """What a person says about a gap."""

    id = serializers.CharField(source="public_id")
    person = serializers.CharField(source="person.public_id", allow_null=True, default=None)
    incident = serializers.CharField()
    text = serializers.CharField()
    text_sha256 = serializers.CharField()
    recorded_at = Instant()


class GapOut(serializers.Serializer):
    """A span in which monitoring did not run. It is written once; `ended_at` is null while it goes on."""

    id = serializers.CharField(source="public_id")
    scope = serializers.ChoiceField(choices=list(SCOPES))
    location = serializers.CharField(source="location.public_id", allow_null=True, default=None)
    cause = serializers.ChoiceField(choices=list(CAUSES))
    started_at = Instant()
    ended_at = Instant(allow_null=True)
    detected_at = Instant()
    detected_by = serializers.CharField()
    step_s = serializers.IntegerField(help_text="Seconds by which the clock was put; 0 otherwise.")
    measurements = serializers.ListField(child=serializers.CharField())
    notes = GapNoteOut(many=True, source="told_notes")


class GapNoteIn(Body):
    """What happened."""

    text = Text(max_length=NOTE_MAX)
    incident = Text(max_length=20, required=False)


class GapFilters(Filters):
    """Filters of gaps."""

    cause = ChoiceOf(choices=list(CAUSES))
    scope = ChoiceOf(choices=list(SCOPES))
    started_from = InstantFilter(field_name="started_at", lookup_expr="gte", label="Began at or after.")
    started_to = InstantFilter(field_name="started_at", lookup_expr="lt", label="Began before.")


class Gaps(ApiView):
    """Gaps in monitoring."""

    filterset_class = GapFilters
    order = ("-id",)

    @operation("List gaps in monitoring", verb="read", gives=GapOut, many=True)
    def get(self, request: Request) -> QuerySet[MonitoringGap]:
        """Newest first."""
        return gaps()

    def prepare(self, rows: list[Any]) -> None:
        """The notes of a page, in three queries."""
        with_notes(rows)


class OneGap(ApiView):
    """One gap."""

    @operation("Read a gap in monitoring", verb="read", gives=GapOut)
    def get(self, request: Request, public_id: str) -> MonitoringGap:
        """With what people said about it."""
        return with_notes([get_gap(self.person, public_id)])[0]


class GapNotes(ApiView):
    """Words about a gap."""

    @operation("Explain a gap in monitoring", verb="respond", takes=GapNoteIn, gives=GapOut, status=201)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> MonitoringGap:
        """Kept beside it for good; a later word does not replace an earlier one."""
        gap = get_gap(self.person, public_id, "respond")
        explain_gap(gap, text=body["text"], incident=body.get("incident", ""), person=self.person, now=self.now)
        return with_notes([gap])[0]


def with_notes(rows: list[MonitoringGap]) -> list[MonitoringGap]:
    """Put on each gap what was said about it."""
    for one in told(rows):
        one.gap.told_notes = one.notes  # type: ignore[attr-defined]
    return rows
