"""Schedules: who is on call, and who will be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_team, require
from accounts.api.errors import ApiError, Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Text, YesNo
from accounts.api.filters import Filters, IdFilter, TextFilter
from accounts.api.people import TeamRef
from accounts.api.views import ApiView, operation, reference
from oncall.access import get_schedule
from oncall.models import Schedule
from oncall.rota.calendar import window
from oncall.rota.fairness import fairness
from oncall.rota.problems import ScheduleError
from oncall.rota.resolve import next_on_call, shifts, standing
from oncall.rota.schedule import PRIMARY, ROLES, OnCall, Shift
from oncall.rota.words import reasons
from oncall.schedules import planned
from oncall.services import NameTaken
from oncall.services.schedules import (
    change_schedule,
    create_schedule,
    retire_schedule,
)

REFUSALS: Refusals = {
    NameTaken: Refusal(409, "name_taken", "Another schedule has this name.", field="name"),
    ScheduleError: Refusal(400, "invalid"),
}
LONGEST = timedelta(days=400)


class ScheduleOut(serializers.Serializer):
    """A schedule. `version` goes up with every change of its layers and their members too."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    team = TeamRef()
    zone = serializers.CharField(help_text="The zone it is shown in.")
    swaps_need_approval = serializers.BooleanField(help_text="A second person approves each swap.")
    handoff_notices = serializers.BooleanField(help_text="Who comes on call is told before and at the start.")
    recorded_until = Instant(help_text="When the record was last written; what it says holds until the next change.")
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)


class ShiftPersonOut(serializers.Serializer):
    """Somebody on call, by a turn, by an override, or by an override of a turn."""

    id = serializers.CharField(source="person.id")
    name = serializers.CharField(source="person.name")
    layer = serializers.SerializerMethodField()
    turn = serializers.SerializerMethodField()
    override = serializers.SerializerMethodField()

    def get_layer(self, one: OnCall) -> str | None:
        """The layer whose turn it is."""
        return one.turn.layer if one.turn else None

    def get_turn(self, one: OnCall) -> int | None:
        """The number of that turn."""
        return one.turn.number if one.turn else None

    def get_override(self, one: OnCall) -> str | None:
        """The override that put them there."""
        return one.override.id if one.override else None


class ShiftOut(serializers.Serializer):
    """`[start, end)`. Nobody is a gap."""

    start = Instant()
    end = Instant()
    people = ShiftPersonOut(many=True, source="on_call")


class AnswerOut(ShiftOut):
    """A shift with the reasons for it, one a person."""

    why = serializers.ListField(child=serializers.CharField())


class LoadOut(serializers.Serializer):
    """What one person carries."""

    id = serializers.CharField(source="person.id")
    name = serializers.CharField(source="person.name")
    seconds = serializers.SerializerMethodField()
    nights = serializers.IntegerField()
    weekends = serializers.IntegerField()

    def get_seconds(self, load: Any) -> int:
        """Time on call."""
        return int(load.length.total_seconds())


class ShiftsOut(serializers.Serializer):
    """Shifts that tile the window, and what each person carries in it."""

    role = serializers.CharField()
    shifts = ShiftOut(many=True)
    loads = LoadOut(many=True)


class RoleOut(serializers.Serializer):
    """Who has a role, why, until when, and who is next."""

    role = serializers.CharField()
    now = AnswerOut(help_text="From `at` to the next change.")
    next = AnswerOut(allow_null=True, help_text="The first later shift with somebody who is not on call at `at`.")


class OnCallOut(serializers.Serializer):
    """The answer for each role of a schedule."""

    at = Instant()
    roles = RoleOut(many=True)


class NewScheduleIn(Body):
    """A new schedule."""

    name = Text(max_length=80)
    team = Id("tea")
    zone = Text(max_length=64, help_text="IANA name, such as Europe/Berlin.")


class ScheduleChange(Change):
    """What changes of a schedule."""

    name = Text(max_length=80, required=False)
    team = Id("tea", required=False)
    zone = Text(max_length=64, required=False)
    swaps_need_approval = YesNo(required=False)
    handoff_notices = YesNo(required=False)


class InstantIn(Body):
    """An instant to come."""

    at = Instant()


class ShiftsIn(Body):
    """A window of at most 400 days, and a role."""

    start = Instant()
    end = Instant()
    role = OneOf(choices=list(ROLES), required=False, default=PRIMARY)


class ScheduleFilters(Filters):
    """Filters of schedules."""

    team = IdFilter("team", label="Public id of a team.")
    name = TextFilter(lookup_expr="icontains", label="Part of the name.")


class Schedules(ApiView):
    """Schedules in force."""

    filterset_class = ScheduleFilters
    refusals = REFUSALS

    @operation("List schedules", verb="read", gives=ScheduleOut, many=True)
    def get(self, request: Request) -> QuerySet[Schedule]:
        """Oldest first."""
        return Schedule.objects.in_force().select_related("team")

    @operation("Create a schedule", verb="edit", takes=NewScheduleIn, gives=ScheduleOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Schedule:
        """Without layers nobody is on call in it. Managers create for teams of their own."""
        body["team"] = reference("team", get_team, self.person, body["team"])
        require(self.person, "edit", Schedule(team=body["team"]))
        return create_schedule(**body, now=self.now, reason="Created through the API")


class OneSchedule(ApiView):
    """One schedule."""

    refusals = REFUSALS

    @operation("Read a schedule", verb="read", gives=ScheduleOut)
    def get(self, request: Request, public_id: str) -> Schedule:
        """Retired ones can be read too."""
        return get_schedule(self.person, public_id)

    @operation("Change a schedule", verb="edit", takes=ScheduleChange, gives=ScheduleOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Schedule:
        """Its name, its team, the zone it is shown in, its settings: nobody's turns move."""
        schedule = get_schedule(self.person, public_id, "edit")
        if "team" in body:
            body["team"] = reference("team", get_team, self.person, body["team"])
        given = {name: body.get(name, getattr(schedule, name)) for name in ("name", "team", "zone")}
        require(self.person, "edit", Schedule(team=given["team"]))
        given |= {name: body[name] for name in ("swaps_need_approval", "handoff_notices") if name in body}
        seen = body.get("version")
        return change_schedule(schedule, **given, now=self.now, reason=body["reason"], expected_version=seen)


class ScheduleRetirement(ApiView):
    """Taking a schedule out of force."""

    refusals = REFUSALS

    @operation("Retire a schedule", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """Who was on call stays on record."""
        schedule = get_schedule(self.person, public_id, "edit")
        retire_schedule(schedule, now=self.now, reason=body["reason"], expected_version=body.get("version"))


class WhoIsOnCall(ApiView):
    """Who is on call."""

    @operation("Say who is on call", verb="read", gives=OnCallOut)
    def get(self, request: Request, public_id: str) -> dict[str, Any]:
        """Now: for each role who, why, until when, and who comes next."""
        return _answer(get_schedule(self.person, public_id), self.now)

    @operation("Say who will be on call", verb="read", takes=InstantIn, gives=OnCallOut, repeatable=False)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """At an instant to come, as planned now. Who was on call is on record (`on-call-intervals/`)."""
        if body["at"] < self.now:
            raise ApiError(400, "invalid", "Who was on call is on record: ask on-call-intervals/.", field="at")
        return _answer(get_schedule(self.person, public_id), body["at"])


class PlannedShifts(ApiView):
    """Who will be on call."""

    @operation("Look at the shifts of a schedule", verb="read", takes=ShiftsIn, gives=ShiftsOut, repeatable=False)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """As planned now, from now on at the earliest: who was on call is on record. Nothing is stored."""
        start: datetime = max(body["start"], self.now)
        if not start < body["end"] <= start + LONGEST:
            raise ApiError(400, "invalid", "The window ends later than now, and lasts at most 400 days.", field="end")
        schedule = get_schedule(self.person, public_id)
        plan, within = planned(schedule, start), window(start, body["end"])
        found = shifts(plan, within, body["role"])
        return {"role": body["role"], "shifts": found, "loads": fairness(plan, within, body["role"])}


def _answer(schedule: Schedule, at: datetime) -> dict[str, Any]:
    """The answer of each role at an instant, with the reasons."""
    plan = planned(schedule, at)

    def told(shift: Shift | None) -> dict[str, Any] | None:
        return shift and {**shift._asdict(), "why": reasons(plan, shift)}

    roles = [
        {"role": role, "now": told(standing(plan, at, role)), "next": told(next_on_call(plan, at, role))}
        for role in plan.roles()
    ]
    return {"at": at, "roles": roles}
