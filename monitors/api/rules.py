"""Rules: how loud they are, and the threshold of response times with its preview."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Body, Change, Instant, OneOf, Whole
from accounts.api.filters import ChoiceOf, Filters, IdFilter, WholeFilter
from accounts.api.views import ApiView, operation
from monitors.access import get_monitor, get_rule
from monitors.api.inventory import Ref, changed
from monitors.conditions import LABELS
from monitors.models import Rule
from monitors.models.monitors import URGENCIES
from monitors.response_times import Preview, preview
from monitors.services.rules import change_loudness, read_slow_terms, retire_slow_rule, set_slow_rule
from monitors.thresholds import DAY_S, MISSING, MOST_SAMPLES, OPERATORS, UNITS, Level

TIME_UNITS = [unit for unit, (measures, _) in UNITS.items() if measures == "time"]


class RuleOut(serializers.Serializer):
    """When a condition of a monitor becomes a signal, and how loud."""

    id = serializers.CharField(source="public_id")
    monitor = Ref()
    condition = serializers.ChoiceField(choices=list(LABELS))
    confirmation_s = serializers.IntegerField()
    recovery_s = serializers.IntegerField()
    severity = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=list(URGENCIES))
    terms = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_terms(self, rule: Rule) -> Any:
        """The threshold of a rule that has one; empty for others."""
        return rule.terms


class RuleChange(Change):
    """How loud a rule is from its next signal on."""

    severity = Whole(min_value=1, max_value=4, required=False)
    urgency = OneOf(choices=list(URGENCIES), required=False)


class Number(serializers.FloatField):
    """A JSON number."""

    default_error_messages = {"invalid": "Send a JSON number."}

    def to_internal_value(self, data: Any) -> float:
        """Refuse strings and booleans."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class TermsIn(Body):
    """From when on answers are slow."""

    operator = OneOf(choices=list(OPERATORS), required=False, default=">")
    value = Number(min_value=0, max_value=1e9)
    unit = OneOf(choices=TIME_UNITS)
    warn = Number(min_value=0, max_value=1e9, required=False, allow_null=True)
    for_s = Whole(min_value=0, max_value=DAY_S, required=False, default=0)
    recovery = Number(min_value=0, max_value=1e9, required=False, allow_null=True)
    recovery_for_s = Whole(min_value=0, max_value=DAY_S, required=False, default=0)
    min_samples = Whole(min_value=1, max_value=MOST_SAMPLES, required=False, default=1)
    missing = OneOf(choices=list(MISSING), required=False, default="hold")
    m = Whole(min_value=0, max_value=MOST_SAMPLES, required=False, default=0)
    n = Whole(min_value=0, max_value=MOST_SAMPLES, required=False, default=0)


class SlowRuleIn(RuleChange):
    """The rule of a monitor's response times."""

    terms = TermsIn()


class TryIn(Body):
    """Terms to be tried on past data."""

    terms = TermsIn()


class TurnOut(serializers.Serializer):
    """One change of level that the rule would have told."""

    at = Instant()
    before = serializers.ChoiceField(choices=list(Level))
    after = serializers.ChoiceField(choices=list(Level))


class TrialOut(serializers.Serializer):
    """What a rule would have done."""

    start = Instant()
    end = Instant()
    checks = serializers.IntegerField()
    alerts = serializers.IntegerField(source="count")
    alerting_s = serializers.SerializerMethodField()
    turns = TurnOut(many=True)

    def get_alerting_s(self, tried: Preview) -> int:
        """How long in all, whole seconds."""
        return int(tried.lasted.total_seconds())


class RuleFilters(Filters):
    """Filters of rules."""

    monitor = IdFilter("monitor", label="Public id of a monitor.")
    condition = ChoiceOf(choices=list(LABELS))
    severity = WholeFilter(min_value=1, max_value=4)


class Rules(ApiView):
    """Rules in force."""

    filterset_class = RuleFilters

    @operation("List rules", verb="read", gives=RuleOut, many=True)
    def get(self, request: Request) -> QuerySet[Rule]:
        """The rule of being down is made and changed with its monitor; others when they are first needed."""
        return Rule.objects.in_force().select_related("monitor")


class OneRule(ApiView):
    """One rule."""

    @operation("Read a rule", verb="read", gives=RuleOut)
    def get(self, request: Request, public_id: str) -> Rule:
        """Retired ones too."""
        return get_rule(self.person, public_id)

    @operation("Say how loud a rule is", verb="edit", takes=RuleChange, gives=RuleOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Rule:
        """409 for the rule of being down, which is changed with its monitor."""
        changes, why = changed(self.person, body)
        return change_loudness(get_rule(self.person, public_id, "edit"), now=self.now, **changes, **why)


class RuleRetirement(ApiView):
    """Taking a rule of response times out of force."""

    @operation("Retire a rule of response times", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """409 for other rules, which stay as long as their monitor."""
        retire_slow_rule(get_rule(self.person, public_id, "edit"), now=self.now, **changed(self.person, body)[1])


class SlowRule(ApiView):
    """When a monitor is slow."""

    @operation("Say when a monitor is slow", verb="edit", takes=SlowRuleIn, gives=RuleOut)
    def put(self, request: Request, public_id: str, body: dict[str, Any]) -> Rule:
        """The whole threshold; the rule is made if there is none."""
        given, why = changed(self.person, body)
        return set_slow_rule(
            get_monitor(self.person, public_id, "edit"), given.pop("terms"), now=self.now, **given, **why
        )


class SlowRulePreview(ApiView):
    """What a threshold would have done."""

    @operation("Try a threshold of response times", verb="edit", takes=TryIn, gives=TrialOut, repeatable=False)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Preview:
        """On the checks of the last seven days, with the function that judges live. Nothing is stored."""
        monitor = get_monitor(self.person, public_id, "edit")
        return preview(monitor, read_slow_terms(body["terms"]), now=self.now)
