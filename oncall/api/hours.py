"""Hours on call, planned against what was, for payroll and reports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.errors import ApiError
from accounts.api.fields import Body, Day
from accounts.api.views import ApiView, operation
from oncall.access import get_schedule
from oncall.hours import Hours, days_window, hours_report


class DutyHoursOut(serializers.Serializer):
    """One person in one role. No `id`: time with nobody, or time that is not on record, as `name` says."""

    role = serializers.CharField()
    id = serializers.CharField(source="person.id", default=None, allow_null=True)
    name = serializers.CharField()
    planned_seconds = serializers.SerializerMethodField()
    actual_seconds = serializers.SerializerMethodField()
    planned_nights = serializers.IntegerField(source="planned.nights", default=0)
    actual_nights = serializers.IntegerField(source="actual.nights", default=0)
    planned_weekends = serializers.IntegerField(source="planned.weekends", default=0)
    actual_weekends = serializers.IntegerField(source="actual.weekends", default=0)

    def get_planned_seconds(self, row: Hours) -> int:
        """As published when each month began."""
        return int(row.planned_length.total_seconds())

    def get_actual_seconds(self, row: Hours) -> int:
        """As recorded, approved corrections counted; up to now."""
        return int(row.actual_length.total_seconds())


class HoursReportOut(serializers.Serializer):
    """The report of some days, which are days of `zone`."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    zone = serializers.CharField()
    rows = DutyHoursOut(many=True)


class DaysIn(Body):
    """Days of the schedule's zone, both included, at most a year."""

    first_day = Day()
    last_day = Day()


class HoursReport(ApiView):
    """Planned against actual."""

    @operation(
        "Compare planned hours with actual ones", verb="read", takes=DaysIn, gives=HoursReportOut, repeatable=False
    )
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Hours, nights and weekends of each person. Nothing is stored."""
        schedule = get_schedule(self.person, public_id)
        try:
            within = days_window(body["first_day"], body["last_day"], schedule.zone)
        except ValueError as error:
            raise ApiError(400, "invalid", str(error), field="last_day") from error
        return {**body, "zone": schedule.zone, "rows": hours_report(schedule, within, now=self.now)}
