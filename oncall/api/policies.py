"""Escalation policies, and who is called when nobody else can be."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_team, require
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Pattern, Text, Whole, YesNo
from accounts.api.filters import Filters, IdFilter, TextFilter
from accounts.api.people import PersonRef, TeamRef, ZoneField
from accounts.api.views import ApiView, operation, reference
from accounts.contact_rules import HIGH, URGENCIES
from oncall.access import get_catch_all, get_policy
from oncall.escalation.policy import (
    MAX_DELAY_S,
    MAX_PEOPLE_PER_STEP,
    MAX_REPEAT,
    MAX_STEPS,
    MIN_DELAY_S,
    PolicyError,
)
from oncall.ladder_grid import ChannelCell
from oncall.ladders import Called, channels_of, ladder_of
from oncall.models import CatchAll, Policy
from oncall.queries import policies_in_force
from oncall.services import NameTaken, change_catch_all, change_policy, create_policy, retire_policy

REFUSALS: Refusals = {
    NameTaken: Refusal(409, "name_taken", "Another policy has this name.", field="name"),
    PolicyError: Refusal(400, "invalid"),
}
RETIRING: Refusals = {PolicyError: Refusal(409, "in_use")}


class HoursOut(serializers.Serializer):
    """When a step is taken, on the wall of a zone. An end before the start goes over midnight."""

    zone = serializers.CharField()
    days = serializers.ListField(child=serializers.IntegerField(), help_text="Weekdays, 0 is Monday.")
    starts = serializers.CharField(help_text="09:00")
    ends = serializers.CharField()


class StepOut(serializers.Serializer):
    """One rung: everybody in it is paged at once, then so many seconds pass before the next."""

    delay_s = serializers.IntegerField()
    people = serializers.ListField(
        child=serializers.CharField(),
        help_text="People, teams and schedules by their ids; `sch_….secondary` and `sch_….next` for who is behind and who follows.",
    )
    round_robin = serializers.BooleanField(required=False, help_text="Only one of them is paged, each run the next.")
    hours = HoursOut(required=False, help_text="When the step is taken; outside them it is passed.")


class PolicyOut(serializers.Serializer):
    """Who is called in which order."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    team = TeamRef()
    repeat = serializers.IntegerField(help_text="How often the chain is repeated after its first walk.")
    steps = StepOut(many=True)
    ask_again_s = serializers.IntegerField(help_text="Who acknowledged is called again after so long; 0 for never.")
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)


class CatchAllOut(serializers.Serializer):
    """Who is called when nobody else can be."""

    id = serializers.CharField(source="public_id")
    people = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()


class HoursIn(Body):
    """When a step is taken, on the wall of a zone. An end before the start goes over midnight."""

    zone = ZoneField()
    days = serializers.ListField(child=Whole(min_value=0, max_value=6), min_length=1, max_length=7)
    starts = Text(max_length=5, help_text="09:00")
    ends = Text(max_length=5)


class StepIn(Body):
    """One rung."""

    delay_s = Whole(min_value=MIN_DELAY_S, max_value=MAX_DELAY_S)
    people = serializers.ListField(
        child=Pattern(
            r"(usr|tea)_[a-z0-9]{16}|sch_[a-z0-9]{16}(\.next|\.secondary)?",
            "Send an id such as usr_x3k9…, tea_x3k9… or sch_x3k9…; after that of a schedule .secondary or .next.",
            max_length=60,
        ),
        min_length=1,
        max_length=MAX_PEOPLE_PER_STEP,
        help_text="People, teams and schedules by their ids; `sch_….secondary` and `sch_….next` for who is behind and who follows.",
    )
    round_robin = YesNo(required=False, help_text="Only one of them is paged, each run the next.")
    hours = HoursIn(required=False, allow_null=True)


class PolicyIn(Body):
    """A new policy."""

    name = Text(max_length=80)
    team = Id("tea")
    repeat = Whole(min_value=0, max_value=MAX_REPEAT, required=False, default=0)
    steps = StepIn(many=True, min_length=1, max_length=MAX_STEPS)  # type: ignore[call-arg]
    ask_again_s = Whole(min_value=0, max_value=MAX_DELAY_S, required=False, help_text="0 for never.")


class PolicyChange(Change):
    """What changes of a policy; steps are sent as a whole."""

    name = Text(max_length=80, required=False)
    team = Id("tea", required=False)
    repeat = Whole(min_value=0, max_value=MAX_REPEAT, required=False)
    steps = StepIn(many=True, min_length=1, max_length=MAX_STEPS, required=False)  # type: ignore[call-arg]
    ask_again_s = Whole(min_value=0, max_value=MAX_DELAY_S, required=False, help_text="0 for never.")


class SimulationIn(Body):
    """For which fault."""

    at = Instant(required=False, help_text="When it is confirmed; now if not sent.")
    urgency = OneOf(choices=list(URGENCIES), required=False, default=HIGH)


class PlannedOut(serializers.Serializer):
    """One page that would be sent."""

    channel = serializers.CharField()
    after_s = serializers.IntegerField()


class CalledOut(serializers.Serializer):
    """One person of a step."""

    person = PersonRef()
    through = serializers.CharField(help_text="The team or schedule that names them; empty for the policy itself.")
    how = serializers.CharField(help_text="rules, no_rules, rules_left_none, opted_out or catch_all.")
    pages = serializers.SerializerMethodField(help_text="Over what a page would go, and how long after the step.")
    absent = serializers.CharField(help_text="Why nothing would be sent; empty if something is.")

    @extend_schema_field(PlannedOut(many=True))
    def get_pages(self, called: Called) -> list[dict[str, Any]]:
        """In the order in which they are sent."""
        return [{"channel": contact.kind, "after_s": delay} for contact, delay in called.lines]


class RungOut(serializers.Serializer):
    """One step as the engine would take it while nobody answers."""

    loop = serializers.IntegerField()
    step = serializers.IntegerField()
    at = Instant()
    after_s = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["paged", "partial", "nobody", "skipped"])
    reason = serializers.CharField()
    people = CalledOut(many=True)


class LadderOut(serializers.Serializer):
    """Every step of a run, up to the catch-all."""

    steps = RungOut(many=True)


class CatchAllChange(Change):
    """The people of the catch-all, in order."""

    people = serializers.ListField(child=Id("usr"), max_length=MAX_PEOPLE_PER_STEP)


class PolicyFilters(Filters):
    """Filters of policies."""

    team = IdFilter("team", label="Public id of a team.")
    name = TextFilter(lookup_expr="icontains", label="Part of the name.")


class Policies(ApiView):
    """Policies in force."""

    filterset_class = PolicyFilters
    refusals = REFUSALS

    @operation("List escalation policies", verb="read", gives=PolicyOut, many=True)
    def get(self, request: Request) -> QuerySet[Policy]:
        """Oldest first."""
        return policies_in_force()

    @operation("Create an escalation policy", verb="edit", takes=PolicyIn, gives=PolicyOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Policy:
        """Managers create for teams of their own."""
        body["team"] = reference("team", get_team, self.person, body["team"])
        require(self.person, "edit", Policy(team=body["team"]))
        return create_policy(**body, now=self.now, reason="Created through the API")


class OnePolicy(ApiView):
    """One policy."""

    refusals = REFUSALS

    @operation("Read an escalation policy", verb="read", gives=PolicyOut)
    def get(self, request: Request, public_id: str) -> Policy:
        """Retired ones can be read too."""
        return get_policy(self.person, public_id)

    @operation("Change an escalation policy", verb="edit", takes=PolicyChange, gives=PolicyOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Policy:
        """Runs under way go on under the version that they froze."""
        policy = get_policy(self.person, public_id, "edit")
        if "team" in body:
            body["team"] = reference("team", get_team, self.person, body["team"])
        held = {name: getattr(policy, name) for name in ("name", "team", "repeat", "steps", "ask_again_s")}
        given = {**held, **{name: body[name] for name in held if name in body}}
        require(self.person, "edit", Policy(team=given["team"]))
        seen = body.get("version")
        return change_policy(policy, **given, now=self.now, reason=body["reason"], expected_version=seen)


class Simulation(ApiView):
    """Who would be called."""

    @operation("Simulate an escalation", verb="read", takes=SimulationIn, gives=LadderOut, repeatable=False)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the engine would do for a fault confirmed at an instant and never acknowledged. Nobody is called."""
        policy = get_policy(self.person, public_id)
        return {"steps": ladder_of(policy, begins=body.get("at") or self.now, urgency=body["urgency"])}


class ChannelOut(serializers.Serializer):
    """One channel for one urgency: how many people it reaches, and when how many are called."""

    channel = serializers.CharField()
    people = serializers.IntegerField()
    first_s = serializers.IntegerField(allow_null=True, help_text="Seconds after the fault; null: not used.")
    moments = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.ListField(child=serializers.IntegerField())))
    def get_moments(self, cell: ChannelCell) -> list[list[int]]:
        """Pairs of seconds after the fault and the number of people called then."""
        return [list(moment) for moment in cell.moments]


class PolicyReadinessOut(serializers.Serializer):
    """Over which channels a policy reaches people, and in which minute; the catch-all left aside."""

    high = ChannelOut(many=True)
    low = ChannelOut(many=True)


class PolicyReadiness(ApiView):
    """Over what a policy reaches people."""

    @operation("Read over which channels a policy reaches people", verb="read", gives=PolicyReadinessOut)
    def get(self, request: Request, public_id: str) -> dict[str, Any]:
        """For a fault now that nobody acknowledges, by the engine's own planner."""
        rows = channels_of(get_policy(self.person, public_id), begins=self.now)
        return {urgency: [cells[n] for _, cells in rows] for n, urgency in enumerate(URGENCIES)}


class PolicyRetirement(ApiView):
    """Taking a policy out of force."""

    refusals = RETIRING

    @operation("Retire an escalation policy", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """409 while a route leads to it. Runs under it go on."""
        policy = get_policy(self.person, public_id, "edit")
        retire_policy(policy, now=self.now, reason=body["reason"], expected_version=body.get("version"))


class TheCatchAll(ApiView):
    """The catch-all."""

    refusals = REFUSALS

    @operation("Read the catch-all", verb="read", gives=CatchAllOut)
    def get(self, request: Request) -> CatchAll:
        """There is one. Version 0: nobody has set it yet."""
        return get_catch_all(self.person)

    @operation("Change the catch-all", verb="edit_any", takes=CatchAllChange, gives=CatchAllOut)
    def put(self, request: Request, body: dict[str, Any]) -> CatchAll:
        """The whole list, in order."""
        get_catch_all(self.person, "edit")
        seen = body.get("version")
        return change_catch_all(people=body["people"], now=self.now, reason=body["reason"], expected_version=seen)
