"""What was observed: results, intervals, signals; and one check for somebody who looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.fields import Instant, Whole
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter, InstantFilter
from accounts.api.throttles import CHECK_ONCE
from accounts.api.views import ApiView, operation
from monitors.access import get_monitor, get_signal
from monitors.api.inventory import Ref
from monitors.api.targets import TargetBody, named_after
from monitors.conditions import LABELS
from monitors.models import Result, Signal, StateInterval
from monitors.models.monitors import URGENCIES
from monitors.probes.trace import Outcome, Trace
from monitors.services import check_once
from monitors.services.checks import MOST_S
from monitors.states import State

KEPT_DAYS = 3  # results are rows for 48 hours, which touch three days
OUTCOMES = [outcome.value for outcome in Outcome]


class ResultOut(serializers.Serializer):
    """One slot as it ran. Times in milliseconds."""

    planned_at = Instant()
    location = serializers.CharField(source="location.public_id")
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    code = serializers.CharField()
    detail = serializers.CharField()
    status = serializers.IntegerField(help_text="HTTP status; 0 without an answer.")
    retry = serializers.BooleanField(help_text="Ran off the timetable; counts in no figure.")
    lag_ms = serializers.SerializerMethodField()
    total_ms = serializers.SerializerMethodField()
    phases_ms = serializers.SerializerMethodField()
    body_bytes = serializers.IntegerField()
    monitor_version = serializers.IntegerField()
    recorded_at = Instant()

    def get_lag_ms(self, result: Result) -> float:
        """How late it started."""
        return result.lag_us / 1000

    def get_total_ms(self, result: Result) -> float:
        """How long it took."""
        return result.total_us / 1000

    def get_phases_ms(self, result: Result) -> dict[str, float]:
        """dns, connect, tls, wait and transfer."""
        return phases(result)


class IntervalOut(serializers.Serializer):
    """A span in which one state holds. An open one is true until `covered_until`; after it, unknown."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=[state.value for state in State])
    cause = serializers.CharField()
    detail = serializers.CharField()
    started_at = Instant()
    ended_at = Instant(allow_null=True)
    covered_until = Instant(allow_null=True)
    recorded_at = Instant()
    monitor_version = serializers.IntegerField()
    rule_version = serializers.IntegerField()


class SignalOut(serializers.Serializer):
    """One confirmed change of one condition: it opens or closes."""

    id = serializers.CharField(source="public_id")
    monitor = Ref()
    rule = serializers.CharField(source="rule.public_id")
    rule_version = serializers.IntegerField()
    condition = serializers.ChoiceField(choices=list(LABELS))
    opens = serializers.BooleanField()
    severity = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=list(URGENCIES))
    reason = serializers.CharField()
    effective_at = Instant()
    recorded_at = Instant()
    claimed_at = Instant(allow_null=True)


class HopOut(serializers.Serializer):
    """One request of a check that followed redirects."""

    url = serializers.CharField()
    status = serializers.IntegerField()
    address = serializers.CharField()


class CertificateOut(serializers.Serializer):
    """The certificate a server showed."""

    subject = serializers.CharField()
    issuer = serializers.CharField()
    not_after = Instant()


class LinkOut(serializers.Serializer):
    """One certificate of a chain, the server's own at position 0."""

    position = serializers.IntegerField()
    subject = serializers.CharField()
    issuer = serializers.CharField()
    serial = serializers.CharField()
    sha256 = serializers.CharField()
    key_type = serializers.CharField()
    sans = serializers.ListField(child=serializers.CharField())
    not_before = Instant()
    not_after = Instant()
    chain_ok = serializers.BooleanField(allow_null=True)
    hostname_ok = serializers.BooleanField(allow_null=True)
    sent = serializers.BooleanField(
        help_text="The server sent it, rather than that it was found among the trusted ones."
    )


class AnswersOut(serializers.Serializer):
    """What a resolver answered."""

    name = serializers.CharField()
    record = serializers.CharField()
    resolver = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())
    expected = serializers.BooleanField()


class ToldOut(serializers.Serializer):
    """What a health document says of a dependency. grade: 0 good, 1 a warning, 2 failing."""

    name = serializers.CharField()
    grade = serializers.IntegerField()
    said = serializers.CharField()
    why = serializers.CharField()


class TraceOut(serializers.Serializer):
    """One run of a check, for somebody who looks. Times in milliseconds; nothing of it is stored."""

    outcome = serializers.ChoiceField(choices=OUTCOMES)
    code = serializers.CharField()
    sentence = serializers.CharField()
    status = serializers.IntegerField()
    total_ms = serializers.SerializerMethodField()
    phases_ms = serializers.SerializerMethodField()
    body_bytes = serializers.IntegerField()
    truncated = serializers.BooleanField()
    content_type = serializers.CharField()
    sample = serializers.CharField()
    hops = HopOut(many=True)
    certificate = CertificateOut(allow_null=True)
    certificate_days = serializers.IntegerField(allow_null=True)
    chain = LinkOut(many=True, help_text="Of checks in TLS of other types than HTTP.")
    answers = AnswersOut(allow_null=True, help_text="Of a DNS check that was answered.")
    dependencies = ToldOut(many=True, allow_null=True, help_text="Of a health check that was given a health document.")

    def get_total_ms(self, trace: Trace) -> float:
        """How long it took."""
        return trace.total_us / 1000

    def get_phases_ms(self, trace: Trace) -> dict[str, float]:
        """dns, connect, tls, wait and transfer."""
        return phases(trace)


class CheckIn(TargetBody):
    """What to check once: the settings of exactly one type of check."""

    timeout_s = Whole(min_value=1, max_value=int(MOST_S), required=False)


class SpanFilters(Filters):
    """Filters of intervals."""

    state = ChoiceOf(choices=[state.value for state in State])
    started_from = InstantFilter(field_name="started_at", lookup_expr="gte", label="Began at or after.")
    started_to = InstantFilter(field_name="started_at", lookup_expr="lt", label="Began before.")


class ResultFilters(Filters):
    """Filters of results."""

    outcome = ChoiceOf(choices=OUTCOMES)
    planned_from = InstantFilter(field_name="planned_at", lookup_expr="gte", label="Planned at or after.")
    planned_to = InstantFilter(field_name="planned_at", lookup_expr="lt", label="Planned before.")


class SignalFilters(Filters):
    """Filters of signals."""

    monitor = IdFilter("monitor", label="Public id of a monitor.")
    service = IdFilter("monitor__service", label="Public id of a service.")
    condition = ChoiceOf(choices=list(LABELS))
    opens = FlagFilter(label="Whether it opens or closes.")
    recorded_from = InstantFilter(field_name="recorded_at", lookup_expr="gte", label="Recorded at or after.")
    recorded_to = InstantFilter(field_name="recorded_at", lookup_expr="lt", label="Recorded before.")


class Intervals(ApiView):
    """The life of a monitor."""

    filterset_class = SpanFilters
    order = ("-started_at", "-id")

    @operation("List the intervals of a monitor", verb="read", gives=IntervalOut, many=True)
    def get(self, request: Request, public_id: str) -> QuerySet[StateInterval]:
        """Newest first. They tile the monitor's life; the open one speaks until `covered_until` only."""
        return StateInterval.objects.filter(monitor=get_monitor(self.person, public_id))


class Results(ApiView):
    """What single checks showed."""

    filterset_class = ResultFilters
    order = ("-planned_at", "-id")

    @operation("List the results of a monitor", verb="read", gives=ResultOut, many=True)
    def get(self, request: Request, public_id: str) -> QuerySet[Result]:
        """Newest first, of the last 48 hours."""
        days = [(self.now - timedelta(days=back)).date() for back in range(KEPT_DAYS)]
        found = Result.objects.filter(day__in=days, monitor=get_monitor(self.person, public_id))
        return found.select_related("location")


class Signals(ApiView):
    """Confirmed changes."""

    filterset_class = SignalFilters
    order = ("-id",)

    @operation("List signals", verb="read", gives=SignalOut, many=True)
    def get(self, request: Request) -> QuerySet[Signal]:
        """Newest first."""
        return Signal.objects.select_related("monitor", "rule")


class OneSignal(ApiView):
    """One confirmed change."""

    @operation("Read a signal", verb="read", gives=SignalOut)
    def get(self, request: Request, public_id: str) -> Signal:
        """It never changes, but for when an incident took it."""
        return get_signal(self.person, public_id)


class CheckOnce(ApiView):
    """One check of something that is no monitor yet."""

    # it calls the network, so it may not run inside the transaction of an idempotency key
    @operation("Check a target once", verb="edit", takes=CheckIn, gives=TraceOut, rule=CHECK_ONCE, repeatable=False)
    def post(self, request: Request, body: dict[str, Any]) -> Trace:
        """Nothing is stored. A target that fails is a 200 with the failure in it; one that may not be called, a 400."""
        require(self.person, "edit")
        limit = float(body.pop("timeout_s", MOST_S))
        with named_after(body["kind"]):
            return check_once(**body, timeout_s=limit, now=self.now)


class CheckNow(ApiView):
    """One check of a monitor."""

    @operation("Check a monitor once", verb="respond", gives=TraceOut, rule=CHECK_ONCE, repeatable=False)
    def post(self, request: Request, public_id: str) -> Trace:
        """It is no slot: nothing is stored and no state changes."""
        monitor = get_monitor(self.person, public_id, "respond")
        secrets: Any = monitor.secrets
        limit = float(monitor.timeout_s)
        with named_after(monitor.kind):
            return check_once(monitor.kind, monitor.target, secrets=secrets, timeout_s=limit, now=self.now)


def phases(timed: Any) -> dict[str, float]:
    """The phases of a result or trace, in milliseconds."""
    return {name: getattr(timed, f"{name}_us") / 1000 for name in ("dns", "connect", "tls", "wait", "transfer")}
