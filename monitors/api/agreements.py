"""Agreements, what services came to, and how monitors make a service."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Body, Change, Day, Id, Instant, OneOf, Text, Whole, YesNo
from accounts.api.filters import Filters, IdFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation, reference
from accounts.models import Organisation
from monitors.access import get_monitor, get_service, get_sla
from monitors.agreements import Period, Uptime, doubts_of, periods, uptime_of
from monitors.api.inventory import OneServiceOut, Ref, changed
from monitors.availability import MILLION, Figures, Verdict, ratio_text
from monitors.composing import Kind
from monitors.models import SLA, Service
from monitors.models.agreements import WINDOWS
from monitors.models.monitors import ROLES
from monitors.promises import Member
from monitors.services.agreements import (
    DEPENDENCIES_MAX,
    DOCUMENT_MAX,
    LATENCY_MOST_MS,
    NAME_MAX,
    YEAR_S,
    approve_sla,
    change_sla,
    create_sla,
    retire_sla,
    set_composition,
)

PPM = {"min_value": 1, "max_value": MILLION}
RATIOS = ("measured", "low", "high", "coverage", "strict")


class DependencyOut(serializers.Serializer):
    """Something a service cannot be up without."""

    name = serializers.CharField()
    target_ppm = serializers.IntegerField()


class SLAOut(serializers.Serializer):
    """What was promised of a service."""

    id = serializers.CharField(source="public_id")
    service = Ref()
    name = serializers.CharField()
    target_ppm = serializers.IntegerField(help_text="Parts of a million: 999000 is 99.9 %.")
    window = serializers.ChoiceField(choices=list(WINDOWS))
    timezone = serializers.CharField()
    degraded_counts_as_down = serializers.BooleanField()
    maintenance_allowance_s = serializers.IntegerField(allow_null=True)
    notice_required_s = serializers.IntegerField()
    latency_ms = serializers.IntegerField(allow_null=True)
    latency_ppm = serializers.IntegerField(allow_null=True)
    dependencies = DependencyOut(many=True)
    source_document = serializers.CharField()
    effective_from = serializers.DateField()
    effective_until = serializers.DateField(allow_null=True)
    approved_by = PersonRef(allow_null=True)
    approved_at = Instant(allow_null=True)
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)


class OneSLAOut(SLAOut):
    """An agreement with what is doubtful about it."""

    doubts = serializers.SerializerMethodField()

    def get_doubts(self, sla: SLA) -> list[str]:
        """One sentence each; none for a target that can be held and shown."""
        return doubts_of(sla, periods([sla], now=self.context["now"])[sla.pk])


class FiguresOut(serializers.Serializer):
    """What a window came to: whole milliseconds that add up to `total_ms`, and ratios of 1, cut off and not rounded."""

    policy = serializers.CharField()
    life_from = Instant(allow_null=True)
    life_to = Instant(allow_null=True)
    is_partial = serializers.BooleanField(source="partial", help_text="The service lived in a part of it only.")
    in_progress = serializers.BooleanField()
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
    outages = serializers.IntegerField()
    longest_outage_ms = serializers.IntegerField()
    ratios = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "nullable": True}})
    def get_ratios(self, figures: Figures) -> dict[str, str | None]:
        """measured, low, high, coverage, strict; null where nothing can be said."""
        return {name: ratio_text(getattr(figures, name)) or None for name in RATIOS}


class AnsweredOut(serializers.Serializer):
    """Checks of one primary monitor against what was promised of answers. Ratios are fractions of 1, cut off."""

    monitor = serializers.CharField()
    verdict = serializers.ChoiceField(choices=list(Verdict))
    fast = serializers.IntegerField(source="answered.fast", help_text="Answered within the limit.")
    slow = serializers.IntegerField(
        source="answered.slow", help_text="Not answered within it; failures and timeouts are among them."
    )
    unseen = serializers.IntegerField(source="answered.unseen", help_text="Planned, and never ran.")
    ratios = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "nullable": True}})
    def get_ratios(self, one: Member) -> dict[str, str | None]:
        """share: of the checks that ran; low and high: if all that never ran had been slow, or fast."""
        return {name: ratio_text(getattr(one.answered, name)) or None for name in ("share", "low", "high")}


class KeptOut(serializers.Serializer):
    """Whether a service answered as fast as was promised: so many of its checks within so many milliseconds."""

    limit_ms = serializers.IntegerField()
    share_ppm = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=list(Verdict))
    monitors = AnsweredOut(source="members", many=True, help_text="The one that kept it least first.")


class PeriodOut(serializers.Serializer):
    """One window of an agreement, judged by the terms in force at its end."""

    period = serializers.CharField(source="name")
    start = Instant(source="window.start")
    end = Instant(source="window.end")
    verdict = serializers.ChoiceField(choices=list(Verdict))
    target_ppm = serializers.IntegerField()
    sla_version = serializers.IntegerField(source="version")
    approved = serializers.BooleanField()
    budget_ms = serializers.SerializerMethodField()
    budget_used = serializers.SerializerMethodField()
    shortfall_ms = serializers.IntegerField()
    figures = FiguresOut()
    answers = KeptOut(
        allow_null=True, help_text="Null if nothing was promised of answers, or it was sealed before that was judged."
    )

    def get_budget_ms(self, period: Period) -> int:
        """How long it may be down in the window, cut off to a millisecond."""
        return int(period.budget_ms)

    def get_budget_used(self, period: Period) -> str | None:
        """The share of the budget that is spent; null without one."""
        return ratio_text(period.budget_used) or None


class PeriodsOut(serializers.Serializer):
    """The windows of an agreement, the running one first."""

    items = PeriodOut(many=True)


class UptimeOut(serializers.Serializer):
    """A month of a service, or its last 30 days."""

    period = serializers.CharField(source="name")
    start = Instant(source="figures.window.start")
    end = Instant(source="figures.window.end")
    rolling = serializers.BooleanField()
    figures = FiguresOut()


class UptimesOut(serializers.Serializer):
    """The last 30 days and the months of a service, the running one first."""

    items = UptimeOut(many=True)


class DependencyIn(Body):
    """Something a service cannot be up without."""

    name = Text(max_length=NAME_MAX)
    target_ppm = Whole(**PPM)


class SLAFields(Body):
    """What can be said of an agreement; only what is sent is set."""

    window = OneOf(choices=list(WINDOWS), required=False)
    timezone = Text(max_length=64, required=False)
    degraded_counts_as_down = YesNo(required=False)
    maintenance_allowance_s = Whole(
        min_value=0, max_value=YEAR_S, required=False, allow_null=True, help_text="Null for no limit."
    )
    notice_required_s = Whole(min_value=0, max_value=YEAR_S, required=False)
    latency_ms = Whole(min_value=1, max_value=LATENCY_MOST_MS, required=False, allow_null=True)
    latency_ppm = Whole(**PPM, required=False, allow_null=True)
    dependencies = serializers.ListField(child=DependencyIn(), required=False, max_length=DEPENDENCIES_MAX)
    source_document = Text(max_length=DOCUMENT_MAX, required=False, allow_blank=True)
    effective_until = Day(required=False, allow_null=True)


class SLAIn(SLAFields):
    """A new agreement."""

    service = Id("svc")
    name = Text(max_length=NAME_MAX)
    target_ppm = Whole(**PPM)
    effective_from = Day()


class SLAChange(SLAFields, Change):
    """New terms."""

    name = Text(max_length=NAME_MAX, required=False)
    target_ppm = Whole(**PPM, required=False)
    effective_from = Day(required=False)


class RoleIn(Body):
    """The role of one monitor."""

    monitor = Id("mon")
    role = OneOf(choices=list(ROLES))


class CompositionIn(Change):
    """How monitors make a service."""

    composition = OneOf(choices=list(Kind))
    quorum = Whole(min_value=0, max_value=1000, required=False, default=0, help_text="How many, for `quorum`.")
    roles = serializers.ListField(child=RoleIn(), required=False, default=list, max_length=1000)


class SLAFilters(Filters):
    """Filters of agreements."""

    service = IdFilter("service", label="Public id of a service.")


class SLAs(ApiView):
    """Agreements in force."""

    filterset_class = SLAFilters

    @operation("List agreements", verb="read", gives=SLAOut, many=True)
    def get(self, request: Request) -> QuerySet[SLA]:
        """Oldest first."""
        return SLA.objects.in_force().select_related("service", "approved_by")

    @operation("Write down an agreement", verb="edit", takes=SLAIn, gives=OneSLAOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> SLA:
        """Who may edit the service may. Somebody else approves it."""
        service = reference("service", get_service, self.person, body.pop("service"))
        get_service(self.person, service.public_id, "edit")
        return create_sla(service=service, now=self.now, reason="Created through the API", **body)


class OneSLA(ApiView):
    """One agreement."""

    @operation("Read an agreement", verb="read", gives=OneSLAOut)
    def get(self, request: Request, public_id: str) -> SLA:
        """Retired ones can be read too."""
        return get_sla(self.person, public_id)

    @operation("Change an agreement", verb="edit", takes=SLAChange, gives=OneSLAOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> SLA:
        """What is not sent stays. New terms hold from now on and wait for approval."""
        changes, why = changed(self.person, body)
        return change_sla(get_sla(self.person, public_id, "edit"), changes, now=self.now, **why)


class SLAApproval(ApiView):
    """Approving the terms in force."""

    @operation("Approve an agreement", verb="edit", takes=Change, gives=OneSLAOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> SLA:
        """As somebody who did not write them."""
        sla = get_sla(self.person, public_id, "edit")
        return approve_sla(sla, person=self.person, now=self.now, **changed(self.person, body)[1])


class SLARetirement(ApiView):
    """Taking an agreement out of force."""

    @operation("Retire an agreement", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """What it was stays in the history."""
        retire_sla(get_sla(self.person, public_id, "edit"), now=self.now, **changed(self.person, body)[1])


class SLAPeriods(ApiView):
    """Whether an agreement was kept."""

    @operation("Read the windows of an agreement", verb="read", gives=PeriodsOut)
    def get(self, request: Request, public_id: str) -> dict[str, list[Period]]:
        """Up to 13 months or 5 quarters, the running one first."""
        sla = get_sla(self.person, public_id)
        return {"items": periods([sla], now=self.now, answers=True)[sla.pk][::-1]}


class ServiceAvailability(ApiView):
    """What a service came to."""

    @operation("Read the availability of a service", verb="read", gives=UptimesOut)
    def get(self, request: Request, public_id: str) -> dict[str, list[Uptime]]:
        """The last 30 days, and up to 13 months of the organisation's zone, with nothing promised."""
        service = get_service(self.person, public_id)
        return {"items": uptime_of(service, now=self.now, zone=Organisation.current().zone)}


class Composition(ApiView):
    """How monitors make a service."""

    @operation("Say how monitors make a service", verb="edit", takes=CompositionIn, gives=OneServiceOut)
    def put(self, request: Request, public_id: str, body: dict[str, Any]) -> Service:
        """It holds from now on. A monitor that is not named keeps its role."""
        service = get_service(self.person, public_id, "edit")
        roles = {
            reference(f"roles.{index}.monitor", get_monitor, self.person, one["monitor"]).pk: one["role"]
            for index, one in enumerate(body["roles"])
        }
        why = changed(self.person, {name: body[name] for name in ("reason", "version") if name in body})[1]
        return set_composition(
            service, composition=body["composition"], quorum=body["quorum"], roles=roles, now=self.now, **why
        )
