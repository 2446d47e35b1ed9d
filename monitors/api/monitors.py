"""Monitors: what is checked, how it is judged, and where it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.errors import ApiError
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Text, Whole
from accounts.api.filters import ChoiceOf, Filters, FlagFilter, IdFilter, TextFilter
from accounts.api.people import TeamRef
from accounts.api.views import ApiView, operation
from monitors.access import get_monitor
from monitors.api.inventory import Ref, changed, named
from monitors.api.locations import chosen_locations
from monitors.api.targets import TargetBody, TargetChange, TargetShown, named_after
from monitors.conditions import DOWN, LABELS
from monitors.kinds import KINDS
from monitors.models import Monitor, Rule
from monitors.models.lookups import tagged
from monitors.models.monitors import ROLES, URGENCIES
from monitors.queries import Standing, monitors_in_force, open_conditions, standings
from monitors.services import change_monitor, create_monitor, pause_monitor, resume_monitor, retire_monitor
from monitors.services.definition import BOUNDS
from monitors.services.locations import MOST
from monitors.states import State
from monitors.tags import LENGTH_MAX
from monitors.tags import MOST as MOST_TAGS

RULE = ("confirmation_s", "recovery_s", "severity", "urgency")


class MonitorFields(Body):
    """What can be said of any monitor; only what is sent is set, and null removes a secret."""

    team = Id("tea", required=False, allow_null=True)
    tags = serializers.ListField(
        child=Text(max_length=LENGTH_MAX), max_length=MOST_TAGS, required=False, help_text="In place of those it has."
    )
    interval_s = Whole(min_value=BOUNDS["interval_s"][0], max_value=BOUNDS["interval_s"][1], required=False)
    timeout_s = Whole(min_value=BOUNDS["timeout_s"][0], max_value=BOUNDS["timeout_s"][1], required=False)
    confirmation_s = Whole(min_value=BOUNDS["confirmation_s"][0], max_value=BOUNDS["confirmation_s"][1], required=False)
    recovery_s = Whole(min_value=BOUNDS["recovery_s"][0], max_value=BOUNDS["recovery_s"][1], required=False)
    severity = Whole(min_value=1, max_value=4, required=False, help_text="1 is the worst.")
    urgency = OneOf(choices=list(URGENCIES), required=False)


class MonitorIn(TargetBody, MonitorFields):
    """A new monitor, with the settings of exactly one type of check. Secrets are never given back."""

    name = Text(max_length=120)
    service = Id("svc")
    locations = serializers.ListField(
        child=Id("loc"), min_length=1, max_length=MOST, required=False, help_text="Our own place if not sent."
    )


class MonitorChange(TargetChange, MonitorFields, Change):
    """What changes of a monitor; of its check only settings of the type it has."""

    name = Text(max_length=120, required=False)
    service = Id("svc", required=False)
    rule_version = Whole(min_value=1, max_value=2_147_483_647, required=False)


class RuleRef(serializers.Serializer):
    """The rule that judges a monitor."""

    id = serializers.CharField(source="public_id")
    condition = serializers.CharField()
    confirmation_s = serializers.IntegerField()
    recovery_s = serializers.IntegerField()
    severity = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=list(URGENCIES))
    version = serializers.IntegerField()


class StandingOut(serializers.Serializer):
    """Where a monitor stands at this moment. What nobody watched is unknown, never up."""

    state = serializers.ChoiceField(choices=[state.value for state in State])
    since = Instant()
    cause = serializers.CharField(help_text="Why it is unknown.")
    verifying_since = Instant(allow_null=True, help_text="A change is suspected and not confirmed yet.")
    last_check_at = Instant(source="seen_at", allow_null=True)
    last_check_outcome = serializers.CharField(source="seen_outcome")
    last_check_ms = serializers.FloatField(source="seen_ms")
    detail = serializers.CharField()
    next_due_at = Instant(allow_null=True)


class ConditionOut(serializers.Serializer):
    """A condition that holds beside the state, such as a certificate that runs out."""

    condition = serializers.ChoiceField(source="rule.condition", choices=list(LABELS))
    since = Instant()
    severity = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=list(URGENCIES))
    reason = serializers.CharField()


class MonitorOut(TargetShown):
    """One thing that is checked. The settings of its check are in the object named like its kind."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=list(KINDS))
    service = Ref()
    team = TeamRef(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    interval_s = serializers.IntegerField()
    timeout_s = serializers.IntegerField()
    role = serializers.ChoiceField(choices=list(ROLES), help_text="`primary` counts for its service; others inform.")
    rule = serializers.SerializerMethodField()
    standing = serializers.SerializerMethodField()
    conditions = serializers.SerializerMethodField()
    depends_on = Ref(allow_null=True)
    paused_at = Instant(allow_null=True)
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)

    @extend_schema_field(RuleRef(allow_null=True))
    def get_rule(self, monitor: Monitor) -> Any:
        """The rule in force; null for a retired monitor."""
        if not hasattr(monitor, "held_rule"):
            attach([monitor], now=self.context["now"])
        held: Rule | None = monitor.held_rule  # type: ignore[attr-defined]
        return None if held is None else RuleRef(held).data

    @extend_schema_field(StandingOut(allow_null=True))
    def get_standing(self, monitor: Monitor) -> Any:
        """State and since when; null for a retired monitor."""
        if not hasattr(monitor, "held_standing"):
            attach([monitor], now=self.context["now"])
        held: Standing | None = None if monitor.retired_at else monitor.held_standing  # type: ignore[attr-defined]
        return None if held is None else StandingOut(held).data

    @extend_schema_field(ConditionOut(many=True))
    def get_conditions(self, monitor: Monitor) -> Any:
        """What holds beside the state; nothing in the usual case."""
        if not hasattr(monitor, "held_conditions"):
            attach([monitor], now=self.context["now"])
        return ConditionOut(monitor.held_conditions, many=True).data  # type: ignore[attr-defined]


class MonitorFilters(Filters):
    """Filters of monitors."""

    service = IdFilter("service", label="Public id of a service.")
    team = IdFilter("team", label="Public id of a team.")
    kind = ChoiceOf(choices=list(KINDS))
    paused = FlagFilter(method="is_paused", label="Whether somebody paused it.")
    name = TextFilter(lookup_expr="icontains", label="Part of the name.")
    tag = TextFilter(method="has_tag", label="A tag it carries.")

    def is_paused(self, rows: QuerySet[Monitor], name: str, wanted: bool) -> QuerySet[Monitor]:
        """Paused or not."""
        return rows.filter(paused_at__isnull=not wanted)

    def has_tag(self, rows: QuerySet[Monitor], name: str, wanted: str) -> QuerySet[Monitor]:
        """Those that carry it."""
        return rows.filter(tagged(wanted.strip().lower()))


class Monitors(ApiView):
    """Monitors in force."""

    filterset_class = MonitorFilters

    @operation("List monitors", verb="read", gives=MonitorOut, many=True)
    def get(self, request: Request) -> QuerySet[Monitor]:
        """Oldest first, each with its rule and where it stands."""
        return monitors_in_force()

    def prepare(self, rows: list[Monitor]) -> None:
        """Rules and standings of the page: four queries."""
        attach(rows, now=self.now)

    @operation("Create a monitor", verb="edit", takes=MonitorIn, gives=MonitorOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Monitor:
        """It is checked at once. Without a team it belongs to the team of its service."""
        given = named(self.person, body)
        given["locations"] = chosen_locations(self.person, given.pop("locations", []))
        require(self.person, "edit", Monitor(team=given.get("team") or given["service"].team))
        with named_after(given["kind"]):
            return create_monitor(**given, now=self.now, reason="Created through the API")


class OneMonitor(ApiView):
    """One monitor."""

    @operation("Read a monitor", verb="read", gives=MonitorOut)
    def get(self, request: Request, public_id: str) -> Monitor:
        """Retired ones can be read too."""
        return get_monitor(self.person, public_id)

    @operation("Change a monitor", verb="edit", takes=MonitorChange, gives=MonitorOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Monitor:
        """What is not sent stays; the next check runs at once under the new terms. What was is never judged anew."""
        monitor = get_monitor(self.person, public_id, "edit")
        rule_version = body.pop("rule_version", None)
        kind = body.pop("kind", monitor.kind)
        if kind != monitor.kind:
            raise ApiError(400, "invalid", f"This monitor is of the type {monitor.kind}, for good.", field=kind)
        changes, why = changed(self.person, body)
        require(self.person, "edit", Monitor(team=changes.get("team", monitor.team)))
        with named_after(kind):
            return change_monitor(monitor, changes, now=self.now, expected_rule_version=rule_version, **why)


class Pause(ApiView):
    """Pausing a monitor."""

    @operation("Pause a monitor", verb="edit", takes=Change, gives=MonitorOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Monitor:
        """Time is paused, not up. An open alert stays open."""
        monitor = get_monitor(self.person, public_id, "edit")
        return pause_monitor(monitor, now=self.now, **changed(self.person, body)[1])


class Resumption(ApiView):
    """Watching a monitor again."""

    @operation("Resume a monitor", verb="edit", takes=Change, gives=MonitorOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> Monitor:
        """It is checked at once; until then it is unknown."""
        monitor = get_monitor(self.person, public_id, "edit")
        return resume_monitor(monitor, now=self.now, **changed(self.person, body)[1])


class MonitorRetirement(ApiView):
    """Taking a monitor out of force."""

    @operation("Retire a monitor", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """Its history stays; an open alert of it closes."""
        monitor = get_monitor(self.person, public_id, "edit")
        retire_monitor(monitor, now=self.now, **changed(self.person, body)[1])


def attach(monitors: list[Monitor], *, now: datetime) -> None:
    """Put the rule, the standing and the open conditions on each monitor."""
    rules = {rule.monitor_id: rule for rule in Rule.objects.in_force().filter(monitor__in=monitors, condition=DOWN)}
    stands = standings([monitor.pk for monitor in monitors], now=now)
    held = open_conditions(monitors)
    for monitor in monitors:
        monitor.held_rule = rules.get(monitor.pk)  # type: ignore[attr-defined]
        monitor.held_standing = stands.get(monitor.pk)  # type: ignore[attr-defined]
        monitor.held_conditions = held.get(monitor.pk, [])  # type: ignore[attr-defined]
