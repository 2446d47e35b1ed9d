"""What response times came to: over the last spans and days, of all locations together and of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Instant
from accounts.api.views import ApiView, operation
from accounts.models import Organisation
from monitors.access import get_monitor
from monitors.answer_days import answer_days, at_places
from monitors.api.inventory import Ref
from monitors.availability import Window, ratio_text
from monitors.latency import Latency, Percentile
from monitors.models import Monitor, Rule
from monitors.response_times import gathered
from monitors.thresholds import UNITS

SPANS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
MOST_CHECKS = 200_000
MOST_DAYS = 31


class PercentileOut(serializers.Serializer):
    """A length in milliseconds. at_least: so many checks timed out that it is no less than this."""

    ms = serializers.SerializerMethodField()
    at_least = serializers.BooleanField(source="censored")

    def get_ms(self, one: Percentile) -> float | None:
        """Null without checks."""
        return None if one.us is None else one.us / 1000


class LatencyOut(serializers.Serializer):
    """Counts and percentiles. method: exact, or histogram with its error."""

    ok = serializers.IntegerField(source="told.ok")
    failed = serializers.IntegerField(source="told.failed")
    timeouts = serializers.IntegerField(source="told.timeouts")
    p50 = PercentileOut(source="told.percentiles.p50")
    p90 = PercentileOut(source="told.percentiles.p90")
    p95 = PercentileOut(source="told.percentiles.p95")
    p99 = PercentileOut(source="told.percentiles.p99")
    slowest = PercentileOut(source="told.slowest")
    method = serializers.CharField(source="told.method")
    error_bound_ratio = serializers.FloatField(source="told.error_bound_ratio")
    over_ratio = serializers.SerializerMethodField()

    def get_over_ratio(self, one: Any) -> str | None:
        """The share of all checks not answered within the threshold; null without a rule."""
        told: Latency = one["told"] if isinstance(one, dict) else one.told
        return ratio_text(told.over_ratio) or None


class AtPlaceOut(LatencyOut):
    """The same of one location."""

    location = Ref()


class SummaryOut(LatencyOut):
    """What the checks of a span came to, from all locations together."""

    span = serializers.CharField()
    threshold_ms = serializers.FloatField(allow_null=True)
    locations = AtPlaceOut(many=True, help_text="Each counted by itself; percentiles are never averaged.")


class SummariesOut(serializers.Serializer):
    """The last day, week and month, as far as they are not too many checks."""

    items = SummaryOut(many=True)


class AnswersOfDayOut(LatencyOut):
    """What the checks of a day came to, from all locations together; so far if it is not over."""

    day = serializers.DateField()
    start = Instant(source="window.start")
    end = Instant(source="window.end")
    locations = AtPlaceOut(source="places", many=True)


class AnswerDaysOut(serializers.Serializer):
    """Days of the organisation's zone, the newest first."""

    zone = serializers.CharField()
    threshold_ms = serializers.FloatField(allow_null=True)
    items = AnswersOfDayOut(many=True)
    locations = AtPlaceOut(many=True, help_text="Over all these days.")


class ResponseTimes(ApiView):
    """What response times came to."""

    @operation("Read the response times of a monitor", verb="read", gives=SummariesOut)
    def get(self, request: Request, public_id: str) -> dict[str, Any]:
        """Percentiles are nearest rank; retries and late results count in nothing."""
        monitor = get_monitor(self.person, public_id)
        limit_ms, limit_us = limit_of(monitor)
        items = []
        for name, span in SPANS.items():
            if span.total_seconds() / monitor.interval_s <= MOST_CHECKS:
                found = gathered(monitor, [Window(self.now - span, self.now)])
                told, places = found.told(threshold_us=limit_us), at_places(found, threshold_us=limit_us)
                items.append({"span": name, "threshold_ms": limit_ms, "told": told, "locations": places})
        return {"items": items}


class ResponseTimesByDay(ApiView):
    """What response times came to, day by day."""

    @operation("Read the response times of a monitor by day", verb="read", gives=AnswerDaysOut)
    def get(self, request: Request, public_id: str) -> dict[str, Any]:
        """Up to 31 days, fewer where that would be more than 200,000 checks; of all locations together and of each."""
        monitor = get_monitor(self.person, public_id)
        limit_ms, limit_us = limit_of(monitor)
        house = Organisation.current()
        found = answer_days(
            monitor, now=self.now, zone=house.zone, count=MOST_DAYS, most=MOST_CHECKS, threshold_us=limit_us
        )
        items, places = (found.newest_first, found.places) if found else ([], [])
        return {"zone": house.timezone, "threshold_ms": limit_ms, "items": items, "locations": places}


def limit_of(monitor: Monitor) -> tuple[float | None, int | None]:
    """From when on the monitor's rule calls an answer slow, in milliseconds and microseconds; None without one."""
    rule = Rule.objects.in_force().filter(monitor=monitor, condition="slow").first()
    if rule is None:
        return None, None
    limit_ms = rule.terms["value"] * UNITS[rule.terms["unit"]][1]
    return limit_ms, round(limit_ms * 1000)
