"""Corrections that two people agree on, and what days and months came to."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Body, Id, Instant, OneOf, Text
from accounts.api.filters import DayFilter, Filters, FlagFilter, IdFilter, InstantFilter, TextFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from ledger.texts import read_many
from monitors.access import get_adjustment, get_monitor, get_month
from monitors.api.inventory import Ref
from monitors.availability import ratio_text
from monitors.models import Adjustment, DailyAvailability, MonthlyAvailability
from monitors.sealed import figures_in
from monitors.services.adjustments import (
    EVIDENCE_MOST,
    REASON_MOST,
    TO_STATES,
    approve_adjustment,
    refuse_adjustment,
    request_adjustment,
)


class AdjustmentOut(serializers.Serializer):
    """A correction: `[start, end)` of a monitor counts as `to_state`. `standing`: asked, approved or refused."""

    id = serializers.CharField(source="public_id")
    monitor = Ref()
    start = Instant(source="start_at")
    end = Instant(source="end_at")
    seconds = serializers.IntegerField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    intervals = serializers.ListField(child=serializers.CharField())
    standing = serializers.CharField()
    reason = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()
    requested_by = PersonRef(allow_null=True)
    requested_at = Instant()
    decided_by = PersonRef(allow_null=True)
    decided_at = Instant(allow_null=True)
    approved_alone = serializers.BooleanField(allow_null=True, help_text="Nobody else could approve: an exception.")
    decision = serializers.SerializerMethodField()
    effect = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()), allow_null=True,
        help_text="Per month and agreement: measured share and down time, before and after.",
    )  # fmt: skip

    def get_reason(self, one: Adjustment) -> str:
        """What was measured wrongly."""
        return self._text(one.reason_sha256)

    def get_evidence(self, one: Adjustment) -> str:
        """Where it can be checked."""
        return self._text(one.evidence_sha256)

    def get_decision(self, one: Adjustment) -> str:
        """What the second person said."""
        return self._text(one.decision_sha256 or "")

    def _text(self, sha: str) -> str:
        known: dict[str, str] = self.context["view"].texts
        if sha and sha not in known:
            known |= read_many({sha})
        return known.get(sha, "")


class AdjustmentIn(Body):
    """A request."""

    monitor = Id("mon")
    start = Instant()
    end = Instant()
    to_state = OneOf(choices=TO_STATES)
    reason = Text(max_length=REASON_MOST)
    evidence = Text(max_length=EVIDENCE_MOST, help_text="A link, a ticket, a log: what an auditor can open.")


class Agreed(Body):
    """What the second person says."""

    reason = Text(max_length=REASON_MOST, required=False, default="", allow_blank=True)


class NotAgreed(Body):
    """Why not."""

    reason = Text(max_length=REASON_MOST)


class MonitorDayOut(serializers.Serializer):
    """One day of one monitor, as measured; milliseconds that add up to its life in `[start, end)`."""

    id = serializers.CharField(source="public_id")
    monitor = serializers.CharField(source="monitor.public_id")
    day = serializers.DateField()
    zone = serializers.CharField()
    start = Instant(source="start_at")
    end = Instant(source="end_at")
    up_ms = serializers.IntegerField()
    degraded_ms = serializers.IntegerField()
    down_ms = serializers.IntegerField()
    unknown_ms = serializers.IntegerField()
    paused_ms = serializers.IntegerField()
    policy = serializers.CharField()
    recorded_at = Instant()


class SealedAnswersOut(serializers.Serializer):
    """Checks of one monitor against what was promised of answers."""

    monitor = serializers.CharField()
    fast = serializers.IntegerField()
    slow = serializers.IntegerField()
    unseen = serializers.IntegerField()
    verdict = serializers.CharField()


class SealedMonthOut(serializers.Serializer):
    """A closed month of a service, or a window of an agreement about it. Ratios are fractions of 1, cut off."""

    id = serializers.CharField(source="public_id")
    service = Ref()
    sla = serializers.CharField(help_text="Empty: the service alone, with nothing excluded.")
    sla_version = serializers.IntegerField()
    month = serializers.CharField()
    zone = serializers.CharField()
    start = Instant(source="start_at")
    end = Instant(source="end_at")
    revision = serializers.IntegerField()
    supersedes = serializers.CharField(source="supersedes.public_id", default=None, allow_null=True)
    in_part = serializers.BooleanField(source="partial", help_text="The service did not live in all of it.")
    total_ms = serializers.IntegerField()
    up_ms = serializers.IntegerField()
    degraded_ms = serializers.IntegerField()
    down_ms = serializers.IntegerField()
    unknown_ms = serializers.IntegerField()
    paused_ms = serializers.IntegerField()
    excluded_ms = serializers.IntegerField()
    down_excluded_ms = serializers.IntegerField()
    maintenance_ms = serializers.IntegerField()
    adjusted_ms = serializers.IntegerField()
    measured = serializers.SerializerMethodField()
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()
    target_ppm = serializers.IntegerField(allow_null=True)
    verdict = serializers.CharField()
    latency_ms = serializers.IntegerField(allow_null=True, help_text="What was promised of answers; null for nothing.")
    latency_ppm = serializers.IntegerField(allow_null=True)
    latency_verdict = serializers.CharField(help_text="Whether that was kept; empty for nothing, or not judged then.")
    answers = serializers.ListField(
        child=SealedAnswersOut(), help_text="Checks of each primary monitor, the one that kept it least first."
    )
    policy = serializers.CharField()
    adjustment = serializers.CharField(help_text="The correction that made this revision.")
    approved_by = PersonRef(allow_null=True)
    recorded_at = Instant()

    def get_measured(self, row: MonthlyAvailability) -> str:
        """The best estimate."""
        return ratio_text(figures_in(row).measured)

    def get_low(self, row: MonthlyAvailability) -> str:
        """If all time nobody watched was an outage."""
        return ratio_text(figures_in(row).low)

    def get_high(self, row: MonthlyAvailability) -> str:
        """If all time nobody watched was fine."""
        return ratio_text(figures_in(row).high)


class AdjustmentFilters(Filters):
    """Filters of corrections."""

    monitor = IdFilter("monitor", label="Public id of a monitor.")
    decided = FlagFilter(
        field_name="decided_at", lookup_expr="isnull", exclude=True, label="Only decided ones, or only those that wait."
    )
    requested_from = InstantFilter(
        field_name="requested_at", lookup_expr="gte", label="Asked for at or after this instant."
    )
    requested_to = InstantFilter(field_name="requested_at", lookup_expr="lt", label="Asked for before this instant.")


class MonitorDayFilters(Filters):
    """Filters of days."""

    monitor = IdFilter("monitor", label="Public id of a monitor.")
    day_from = DayFilter(field_name="day", lookup_expr="gte", label="From this day on.")
    day_to = DayFilter(field_name="day", lookup_expr="lt", label="Before this day.")


class MonthFilters(Filters):
    """Filters of months."""

    service = IdFilter("service", label="Public id of a service.")
    sla = TextFilter(label="Public id of an agreement.")
    month = TextFilter(label="Such as 2026-03, or 2026-Q1.")
    superseded = FlagFilter(
        field_name="superseded_by",
        lookup_expr="isnull",
        exclude=True,
        label="Only superseded revisions, or only those in force.",
    )


class _Adjusting(ApiView):
    """What all calls about corrections have: the texts that were read already."""

    texts: dict[str, str]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Begin with none."""
        self.texts = {}
        super().initial(request, *args, **kwargs)

    def prepare(self, rows: list[Adjustment]) -> None:
        """All texts of a page in one query."""
        shas = {sha for one in rows for sha in (one.reason_sha256, one.evidence_sha256, one.decision_sha256) if sha}
        self.texts |= read_many(shas)


class Adjustments(_Adjusting):
    """Corrections."""

    filterset_class = AdjustmentFilters

    @operation("List adjustments", verb="read", gives=AdjustmentOut, many=True)
    def get(self, request: Request) -> QuerySet[Adjustment]:
        """Oldest first, refused ones too."""
        return Adjustment.objects.select_related("monitor", "requested_by", "decided_by")

    @operation("Ask for an adjustment", verb="edit", takes=AdjustmentIn, gives=AdjustmentOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Adjustment:
        """It changes no figure before somebody else approves."""
        monitor = reference("monitor", lambda who, pid: get_monitor(who, pid, "edit"), self.person, body.pop("monitor"))
        return request_adjustment(monitor, **body, by=self.person, now=self.now)


class OneAdjustment(_Adjusting):
    """One correction."""

    @operation("Read an adjustment", verb="read", gives=AdjustmentOut)
    def get(self, request: Request, public_id: str) -> Adjustment:
        """With its decision and effect."""
        return get_adjustment(self.person, public_id)


class Approval(_Adjusting):
    """The second person agrees."""

    @operation("Approve an adjustment", verb="edit", takes=Agreed, gives=AdjustmentOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Adjustment:
        """By somebody else than who asked; sealed months that it touches get a revision."""
        held = get_adjustment(self.person, public_id, "edit")
        return approve_adjustment(held, by=self.person, now=self.now, reason=body["reason"])


class Refused(_Adjusting):
    """The second person does not."""

    @operation("Refuse an adjustment", verb="edit", takes=NotAgreed, gives=AdjustmentOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Adjustment:
        """Or take a request of one's own back."""
        held = get_adjustment(self.person, public_id, "edit")
        return refuse_adjustment(held, by=self.person, now=self.now, reason=body["reason"])


class Days(ApiView):
    """Days."""

    filterset_class = MonitorDayFilters

    @operation("List days of monitors", verb="read", gives=MonitorDayOut, many=True)
    def get(self, request: Request) -> QuerySet[DailyAvailability]:
        """Written once each day is over; corrections and maintenance are not in them."""
        return DailyAvailability.objects.select_related("monitor")


class Months(ApiView):
    """Months."""

    filterset_class = MonthFilters

    @operation("List sealed months", verb="read", gives=SealedMonthOut, many=True)
    def get(self, request: Request) -> QuerySet[MonthlyAvailability]:
        """Every revision."""
        return MonthlyAvailability.objects.select_related("service", "supersedes", "approved_by")


class OneMonth(ApiView):
    """One month."""

    @operation("Read a sealed month", verb="read", gives=SealedMonthOut)
    def get(self, request: Request, public_id: str) -> MonthlyAvailability:
        """One revision of it."""
        return get_month(self.person, public_id)
