"""Maintenance windows: what is planned, and each time it happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.fields import Body, Change, Id, Instant, Text, Whole, YesNo
from accounts.api.filters import Filters, FlagFilter, IdFilter, InstantFilter
from accounts.api.people import PersonRef, TeamRef
from accounts.api.views import ApiView, operation
from ledger.texts import read
from monitors.access import get_span, get_window, require_covered
from monitors.api.inventory import changed, named
from monitors.maintenance_rules import state_of
from monitors.models import MaintenanceSpan, MaintenanceWindow
from monitors.recurrence import RecurrenceError, occurrences, read_plan, summary
from monitors.services.refusals import refusal
from monitors.services.window_times import cancel_time, end_early, extend
from monitors.services.windows import (
    announce_window,
    approve_window,
    cancel_window,
    change_window,
    plan_of,
    plan_window,
)

LONGEST_S = 14 * 86_400
PREVIEWED = 10
PREVIEW_WITHIN = timedelta(days=2 * 366)


class WindowOut(serializers.Serializer):
    """What is planned. `covered`: ids of services and monitors. `summary`: the plan in words."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    description = serializers.CharField()
    team = TeamRef(allow_null=True)
    covered = serializers.ListField(child=serializers.CharField())
    zone = serializers.CharField()
    starts = serializers.CharField(help_text="On the wall of `zone`, such as 2026-03-29T02:30.")
    length_s = serializers.IntegerField()
    rrule = serializers.CharField(help_text="Empty for a window that happens once.")
    summary = serializers.SerializerMethodField()
    requested_by = PersonRef(allow_null=True)
    approved_by = PersonRef(allow_null=True)
    approved_at = Instant(allow_null=True)
    approved_alone = serializers.BooleanField(help_text="Nobody else could approve: a recorded exception.")
    announced_at = Instant(allow_null=True)
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True, help_text="When it was cancelled.")

    def get_summary(self, window: MaintenanceWindow) -> str:
        """`Every week on Sunday at 02:00 for 2 h, Europe/Berlin`."""
        return summary(plan_of(window))


class SpanOut(serializers.Serializer):
    """One time that a window happens. `part`: 0, or the number of the extension it is."""

    id = serializers.CharField(source="public_id")
    window = serializers.CharField(source="window.public_id")
    state = serializers.SerializerMethodField()
    part = serializers.IntegerField()
    covered = serializers.ListField(child=serializers.CharField())
    planned_start = Instant()
    planned_end = Instant()
    recorded_at = Instant()
    retroactive = serializers.BooleanField(help_text="Recorded after it began: it excludes nothing.")
    announced_at = Instant(allow_null=True)
    requested_by = PersonRef(allow_null=True)
    approved_by = PersonRef(allow_null=True)
    approved_at = Instant(allow_null=True)
    approved_alone = serializers.BooleanField(allow_null=True)
    started_at = Instant(allow_null=True)
    ended_at = Instant(allow_null=True)
    ending = serializers.CharField(allow_null=True)
    ending_reason = serializers.SerializerMethodField()
    closed_at = Instant(allow_null=True)

    def get_state(self, span: MaintenanceSpan) -> str:
        """planned, approved, active, extended, ended, ended_early, cancelled, superseded or lapsed."""
        return state_of(span.rules, self.context["now"])

    def get_ending_reason(self, span: MaintenanceSpan) -> str:
        """Why it was ended early, cancelled or replaced."""
        return read(span.ending_sha256 or "")


class PlanFields(Body):
    """When it happens."""

    zone = Text(max_length=64, required=False, help_text="IANA name, such as Europe/Berlin.")
    starts = Text(max_length=16, required=False, help_text="2026-03-29T02:30, on the wall of `zone`.")
    length_s = Whole(min_value=60, max_value=LONGEST_S, required=False)
    rrule = Text(max_length=220, required=False, allow_blank=True, help_text="RFC 5545, such as FREQ=WEEKLY;BYDAY=SU.")


class PreviewIn(PlanFields):
    """A plan to look at."""

    zone = Text(max_length=64)
    starts = Text(max_length=16)
    length_s = Whole(min_value=60, max_value=LONGEST_S)


class TimeOut(serializers.Serializer):
    """`[start, end)`."""

    start = Instant()
    end = Instant()


class PreviewOut(serializers.Serializer):
    """The plan in words, and its next times."""

    summary = serializers.CharField()
    times = TimeOut(many=True)


class WindowFields(PlanFields):
    """What can be said of a window; only what is sent is set."""

    description = Text(max_length=4000, required=False, allow_blank=True)
    team = Id("tea", required=False, allow_null=True)
    covered = serializers.ListField(child=Text(max_length=40), max_length=200, required=False)


class WindowIn(WindowFields):
    """A new window."""

    name = Text(max_length=120)
    zone = Text(max_length=64)
    starts = Text(max_length=16)
    length_s = Whole(min_value=60, max_value=LONGEST_S)
    covered = serializers.ListField(child=Text(max_length=40), max_length=200)
    announced = YesNo(required=False, default=False, help_text="Customers have been told.")
    reason = Text(max_length=500, required=False, default="", allow_blank=True)


class WindowChange(WindowFields, Change):
    """What changes of a window."""

    name = Text(max_length=120, required=False)


class Why(Body):
    """A reason that is kept."""

    reason = Text(max_length=500)


class ExtensionIn(Why):
    """Until when it goes on."""

    until = Instant()


class WindowFilters(Filters):
    """Filters of windows."""

    team = IdFilter("team", label="Public id of a team.")
    approved = FlagFilter(
        field_name="approved_at", lookup_expr="isnull", exclude=True, label="Only approved ones, or only others."
    )


class SpanFilters(Filters):
    """Filters of times."""

    window = IdFilter("window", label="Public id of a window.")
    ends_from = InstantFilter(field_name="planned_end", lookup_expr="gt", label="Planned to end after this instant.")
    starts_to = InstantFilter(
        field_name="planned_start", lookup_expr="lt", label="Planned to start before this instant."
    )


class Windows(ApiView):
    """Windows in force."""

    filterset_class = WindowFilters

    @operation("List maintenance windows", verb="read", gives=WindowOut, many=True)
    def get(self, request: Request) -> QuerySet[MaintenanceWindow]:
        """Oldest first; cancelled ones are left out."""
        return MaintenanceWindow.objects.in_force().select_related("team", "requested_by", "approved_by")

    @operation("Plan a maintenance window", verb="edit", takes=WindowIn, gives=WindowOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> MaintenanceWindow:
        """It mutes nothing until it is approved. Who plans it must be able to edit all that it covers."""
        given = named(self.person, body)
        require(self.person, "edit", MaintenanceWindow(team=given.get("team")))
        require_covered(self.person, given["covered"])
        return plan_window(**given, by=self.person, now=self.now)


class Preview(ApiView):
    """A look ahead, without saving."""

    @operation("Preview a maintenance window", verb="read", takes=PreviewIn, gives=PreviewOut)
    def post(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """The plan in words, and its next ten times in two years."""
        try:
            plan = read_plan(body["zone"], body["starts"], body["length_s"], body.get("rrule", ""))
        except RecurrenceError as error:
            raise refusal(error.field, error.sentence) from None
        times = occurrences(plan, self.now, self.now + PREVIEW_WITHIN)[:PREVIEWED]
        return {"summary": summary(plan), "times": [{"start": start, "end": end} for start, end in times]}


class OneWindow(ApiView):
    """One window."""

    @operation("Read a maintenance window", verb="read", gives=WindowOut)
    def get(self, request: Request, public_id: str) -> MaintenanceWindow:
        """Cancelled ones can be read too."""
        return get_window(self.person, public_id)

    @operation("Change a maintenance window", verb="edit", takes=WindowChange, gives=WindowOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> MaintenanceWindow:
        """Only times that have not begun follow. A change of when or what needs a new approval and announcement."""
        window, (changes, why) = get_window(self.person, public_id, "edit"), changed(self.person, body)
        require(self.person, "edit", MaintenanceWindow(team=changes.get("team", window.team)))
        require_covered(self.person, changes.get("covered", []))
        return change_window(window, changes, by=self.person, now=self.now, **why)


class Approval(ApiView):
    """A second person."""

    @operation("Approve a maintenance window", verb="edit", takes=Change, gives=WindowOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> MaintenanceWindow:
        """By somebody else than who asked for it; 400 if another person could and 409 if it is approved."""
        window = get_window(self.person, public_id, "edit")
        return approve_window(window, by=self.person, now=self.now, **changed(self.person, body)[1])


class Announcement(ApiView):
    """Telling customers."""

    @operation("Record that a maintenance window was announced", verb="edit", takes=Change, gives=WindowOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> MaintenanceWindow:
        """As of now: notice counts from when it is on record here."""
        window = get_window(self.person, public_id, "edit")
        return announce_window(window, now=self.now, **changed(self.person, body)[1])


class Cancellation(ApiView):
    """Taking a window out of force."""

    @operation("Cancel a maintenance window", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """What has not begun is cancelled; what is in progress ends now."""
        window = get_window(self.person, public_id, "edit")
        cancel_window(window, now=self.now, **changed(self.person, body)[1])


class Spans(ApiView):
    """Times, in the order in which they were recorded."""

    filterset_class = SpanFilters

    @operation("List times of maintenance windows", verb="read", gives=SpanOut, many=True)
    def get(self, request: Request) -> QuerySet[MaintenanceSpan]:
        """Cancelled and replaced ones too."""
        return MaintenanceSpan.objects.select_related("window", "requested_by", "approved_by")


class OneSpan(ApiView):
    """One time."""

    @operation("Read a time of a maintenance window", verb="read", gives=SpanOut)
    def get(self, request: Request, public_id: str) -> MaintenanceSpan:
        """With what became of it."""
        return get_span(self.person, public_id)


class Extension(ApiView):
    """Going on."""

    @operation("Extend a maintenance window in progress", verb="edit", takes=ExtensionIn, gives=SpanOut, status=201)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> MaintenanceSpan:
        """A part of its own, which goes on muting and excludes nothing."""
        span = get_span(self.person, public_id, "edit")
        return extend(span, body["until"], by=self.person, now=self.now, reason=body["reason"])


class EarlyEnd(ApiView):
    """Done sooner."""

    @operation("End a maintenance window early", verb="edit", takes=Why, gives=SpanOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> MaintenanceSpan:
        """What still is broken pages at once."""
        span = get_span(self.person, public_id, "edit")
        end_early(span, now=self.now, reason=body["reason"])
        return get_span(self.person, public_id)


class LeftOut(ApiView):
    """One time less."""

    @operation("Cancel one time of a maintenance window", verb="edit", takes=Why, gives=SpanOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> MaintenanceSpan:
        """The others stay."""
        span = get_span(self.person, public_id, "edit")
        cancel_time(span, now=self.now, reason=body["reason"])
        return get_span(self.person, public_id)
