"""Layers of schedules, and the lists of who takes turns in them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import require
from accounts.api.fields import Body, Change, Id, Instant, OneOf, Text, Whole, YesNo
from accounts.api.filters import ChoiceOf, Filters, IdFilter
from accounts.api.views import ApiView, operation, reference
from oncall.access import get_layer, get_members, get_schedule
from oncall.api.schedules import REFUSALS
from oncall.models import LayerMembers, ScheduleLayer
from oncall.rota.problems import MAX_CYCLE, MAX_HOURS, MAX_PEOPLE, MOST
from oncall.rota.schedule import PRIMARY, ROLES, Unit
from oncall.services.schedules import add_layer, change_layer, set_members, withdraw_layer, withdraw_members

SEEN = "The version of the schedule you saw; 409 if another is in force."


class RestrictionOut(serializers.Serializer):
    """A stretch of the day, on the weekdays it begins on; Monday is 0."""

    starts = serializers.CharField()
    ends = serializers.CharField()
    days = serializers.ListField(child=serializers.IntegerField())


class LayerOut(serializers.Serializer):
    """One rotation of a schedule."""

    id = serializers.CharField(source="public_id")
    schedule = serializers.CharField(source="schedule.public_id")
    schedule_version = serializers.IntegerField(source="schedule.version")
    name = serializers.CharField()
    role = serializers.CharField()
    place = serializers.IntegerField(help_text="Layers of a role are asked in this order.")
    zone = serializers.CharField()
    unit = serializers.CharField()
    lengths = serializers.ListField(child=serializers.IntegerField(), help_text="Of turns; several are a cycle.")
    starts = serializers.CharField(help_text="The first hand-off, on the wall of `zone`.")
    restrictions = RestrictionOut(many=True)
    since = Instant(help_text="It counts from here on.")
    until = Instant(allow_null=True)
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True, help_text="When it was taken back, before it began.")


class MembersOut(serializers.Serializer):
    """Who takes turns, in order, from the first hand-off at or after `since`; null: from the first turn."""

    id = serializers.CharField(source="public_id")
    layer = serializers.CharField(source="layer.public_id")
    people = serializers.ListField(child=serializers.CharField())
    since = Instant(allow_null=True)
    at_once = serializers.BooleanField()
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True, help_text="When it was taken back, before it counted.")


class RestrictionIn(Body):
    """A stretch of the day; one that ends earlier than it starts goes over midnight."""

    starts = Text(max_length=5, help_text="09:00, on the layer's wall.")
    ends = Text(max_length=5)
    days = serializers.ListField(
        child=Whole(min_value=0, max_value=6),
        min_length=1,
        max_length=7,
        required=False,
        default=lambda: list(range(7)),
    )


class PartChange(Change):
    """What every change of a part of a schedule may carry."""

    version = Whole(min_value=1, max_value=2_147_483_647, required=False, help_text=SEEN)


class LayerIn(PartChange):
    """A new layer, which counts from `since` on; from now without it."""

    schedule = Id("sch")
    name = Text(max_length=80)
    role = OneOf(choices=list(ROLES), required=False, default=PRIMARY)
    place = Whole(min_value=1, max_value=1000, required=False)
    zone = Text(max_length=64, help_text="IANA name, such as Europe/Berlin.")
    unit = OneOf(choices=[str(unit) for unit in Unit])
    lengths = serializers.ListField(
        child=Whole(min_value=1, max_value=max(MOST.values())), min_length=1, max_length=MAX_CYCLE
    )
    starts = Text(max_length=16, help_text="2026-01-05T09:00, on the wall of `zone`.")
    people = serializers.ListField(child=Id("usr"), max_length=MAX_PEOPLE)
    restrictions = RestrictionIn(many=True, required=False, max_length=MAX_HOURS)  # type: ignore[call-arg]
    since = Instant(required=False)
    until = Instant(required=False)


class LayerChange(PartChange):
    """What changes of a layer, from now on. Zone, lengths and first hand-off never do: that is another layer."""

    name = Text(max_length=80, required=False)
    place = Whole(min_value=1, max_value=1000, required=False)
    restrictions = RestrictionIn(many=True, required=False, max_length=MAX_HOURS)  # type: ignore[call-arg]
    until = Instant(required=False, allow_null=True)


class MembersIn(PartChange):
    """A new list; from now without `since`. `at_once`: who holds the turn and is not in it hands over at `since`."""

    layer = Id("lay")
    people = serializers.ListField(child=Id("usr"), max_length=MAX_PEOPLE)
    since = Instant(required=False)
    at_once = YesNo(required=False, default=False)


class LayerFilters(Filters):
    """Filters of layers."""

    schedule = IdFilter("schedule", label="Public id of a schedule.")
    role = ChoiceOf(choices=ROLES, label="primary or secondary.")


class MembersFilters(Filters):
    """Filters of lists of members."""

    layer = IdFilter("layer", label="Public id of a layer.")
    schedule = IdFilter("layer__schedule", label="Public id of a schedule.")


class Layers(ApiView):
    """Layers."""

    filterset_class = LayerFilters
    refusals = REFUSALS

    @operation("List layers of schedules", verb="read", gives=LayerOut, many=True)
    def get(self, request: Request) -> QuerySet[ScheduleLayer]:
        """Oldest first; those that are over are there, those that were taken back are not."""
        held = ScheduleLayer.objects.in_force().filter(schedule__retired_at__isnull=True)
        return held.select_related("schedule")

    @operation("Add a layer to a schedule", verb="edit", takes=LayerIn, gives=LayerOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> ScheduleLayer:
        """Behind the others of its role, unless `place` says otherwise."""
        given, why = _parted(body)
        schedule = reference("schedule", get_schedule, self.person, given.pop("schedule"))
        require(self.person, "edit", schedule)
        return add_layer(schedule, **given, now=self.now, **why)


class OneLayer(ApiView):
    """One layer."""

    refusals = REFUSALS

    @operation("Read a layer of a schedule", verb="read", gives=LayerOut)
    def get(self, request: Request, public_id: str) -> ScheduleLayer:
        """Those that were taken back can be read too."""
        return get_layer(self.person, public_id)

    @operation("Change a layer of a schedule", verb="edit", takes=LayerChange, gives=LayerOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> ScheduleLayer:
        """From now on."""
        layer, (changes, why) = get_layer(self.person, public_id, "edit"), _parted(body)
        return change_layer(layer, changes, now=self.now, **why)


class LayerWithdrawal(ApiView):
    """Taking a layer back."""

    refusals = REFUSALS

    @operation("Take back a layer that has not begun", verb="edit", takes=PartChange, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """One that has begun gets an end (`until`)."""
        withdraw_layer(get_layer(self.person, public_id, "edit"), now=self.now, **_parted(body)[1])


class Lists(ApiView):
    """Lists of members."""

    filterset_class = MembersFilters
    refusals = REFUSALS

    @operation("List members of layers", verb="read", gives=MembersOut, many=True)
    def get(self, request: Request) -> QuerySet[LayerMembers]:
        """Oldest first; those that no longer count are there, those that were taken back are not."""
        held = LayerMembers.objects.in_force().filter(layer__schedule__retired_at__isnull=True)
        return held.select_related("layer")

    @operation("Set the members of a layer", verb="edit", takes=MembersIn, gives=MembersOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> LayerMembers:
        """The whole list, in the order of turns. Who is on call now stays, unless `at_once` and not in it."""
        given, why = _parted(body)
        layer = reference("layer", get_layer, self.person, given.pop("layer"))
        require(self.person, "edit", layer.schedule)
        return set_members(layer, **given, now=self.now, **why)


class OneList(ApiView):
    """One list of members."""

    @operation("Read members of a layer", verb="read", gives=MembersOut)
    def get(self, request: Request, public_id: str) -> LayerMembers:
        """Those that were taken back can be read too."""
        return get_members(self.person, public_id)


class ListWithdrawal(ApiView):
    """Taking a list back."""

    refusals = REFUSALS

    @operation("Take back members that do not count yet", verb="edit", takes=PartChange, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """The list before goes on."""
        withdraw_members(get_members(self.person, public_id, "edit"), now=self.now, **_parted(body)[1])


def _parted(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A change in two parts: the fields, and the why (reason and the version of the schedule that was seen)."""
    why = {"reason": body.get("reason", ""), "expected_version": body.get("version")}
    return {name: value for name, value in body.items() if name not in ("reason", "version")}, why
