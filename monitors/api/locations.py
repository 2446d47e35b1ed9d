"""Locations: where checks run from, and how the locations of a monitor stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import Body, Change, Id, Instant, Text, Whole
from accounts.api.views import ApiView, operation, reference
from accounts.models import User
from monitors.access import get_location, get_monitor
from monitors.api.inventory import Ref, changed
from monitors.controls import MOST as CONTROLS_MOST
from monitors.models import Location
from monitors.places import HEARD, IDLE, SILENT, Place, Standing, places, standing_of
from monitors.services import change_location, create_location, retire_location, set_locations
from monitors.services.locations import ADVISE_BOUNDS, MOST

KEY_MAX = 120


class LifeOut(serializers.Serializer):
    """When a location was last heard."""

    heard = serializers.ChoiceField(
        choices=[HEARD, SILENT, IDLE],
        help_text="silent: no result for two intervals; idle: nothing is checked from it.",
    )
    monitors = serializers.IntegerField(help_text="How many are checked from it now.")
    last_result_at = Instant(source="result_at", allow_null=True)
    last_sign_at = Instant(source="sign_at", allow_null=True, help_text="Of a remote probe.")
    probe = serializers.CharField(source="instance", help_text="The remote probe that gave it.")
    spooled = serializers.IntegerField(help_text="Results a remote probe holds and could not deliver yet.")


class LocationOut(serializers.Serializer):
    """A place that checks run from."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    public_key = serializers.CharField(help_text="Of its remote probe; empty for probes with the database.")
    control_targets = serializers.ListField(
        child=serializers.CharField(), help_text="host:port of what tells a fault of our own network from theirs."
    )
    life = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)

    @extend_schema_field(LifeOut())
    def get_life(self, location: Location) -> Any:
        """Its signs of life."""
        if not hasattr(location, "held_life"):
            attach([location], now=self.context["now"])
        held: Place = location.held_life  # type: ignore[attr-defined]
        return LifeOut(held).data


class LocationIn(Body):
    """A new location."""

    name = Text(max_length=40)
    public_key = Text(max_length=KEY_MAX, required=False, allow_blank=True)
    control_targets = serializers.ListField(child=Text(max_length=260), max_length=CONTROLS_MOST, required=False)
    reason = Text(max_length=500, required=False, default="", allow_blank=True)


class LocationChange(Change):
    """What changes of a location."""

    name = Text(max_length=40, required=False)
    public_key = Text(max_length=KEY_MAX, required=False, allow_blank=True)
    control_targets = serializers.ListField(child=Text(max_length=260), max_length=CONTROLS_MOST, required=False)


class SaidOut(serializers.Serializer):
    """What one location last said of a monitor."""

    location = Ref()
    last_result_at = Instant(source="heard_at", allow_null=True)
    good = serializers.BooleanField(allow_null=True)
    speaks = serializers.BooleanField(help_text="Whether it still counts: not after two intervals and a timeout.")
    failing_since = Instant(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class QuorumOut(serializers.Serializer):
    """How the locations of a monitor stand. A strict majority of the configured ones decides, never of those that speak."""

    configured = serializers.IntegerField(source="tally.configured")
    needed = serializers.IntegerField(source="tally.required", help_text="How many must agree.")
    effective = serializers.IntegerField(source="tally.effective", help_text="How many speak.")
    good = serializers.IntegerField(source="tally.good")
    failing = serializers.IntegerField(source="tally.bad")
    silent = serializers.IntegerField(source="tally.silent")
    advise_after_s = serializers.IntegerField(
        allow_null=True,
        help_text="How long one may fail without a majority before that is told; null with one location.",
    )
    locations = SaidOut(source="said", many=True)


class MonitorLocations(Body):
    """All locations that a monitor is checked from."""

    locations = serializers.ListField(child=Id("loc"), min_length=1, max_length=MOST)
    advise_after_s = Whole(min_value=ADVISE_BOUNDS[0], max_value=ADVISE_BOUNDS[1], required=False)
    reason = Text(max_length=500, required=False, default="", allow_blank=True)


class Locations(ApiView):
    """Places that checks run from."""

    @operation("List locations", verb="read", gives=LocationOut, many=True)
    def get(self, request: Request) -> QuerySet[Location]:
        """Those in force, each with when it was last heard."""
        return Location.objects.in_force()

    def prepare(self, rows: list[Location]) -> None:
        """Signs of life of the page: three queries."""
        attach(rows, now=self.now)

    @operation("Create a location", verb="manage_organisation", takes=LocationIn, gives=LocationOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Location:
        """With a public key its probe is remote: it has the broker only, and plans are sealed to that key."""
        return create_location(**body, now=self.now)


class OneLocation(ApiView):
    """One place."""

    @operation("Read a location", verb="read", gives=LocationOut)
    def get(self, request: Request, public_id: str) -> Location:
        """Retired ones too."""
        return get_location(self.person, public_id)

    @operation("Change a location", verb="manage_organisation", takes=LocationChange, gives=LocationOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Location:
        """Rename it, or enrol another key: results signed with the old one are refused from then on."""
        location = get_location(self.person, public_id, "manage_organisation")
        changes, why = changed(self.person, body)
        return change_location(location, changes, now=self.now, **why)


class LocationRetirement(ApiView):
    """Taking a location out of force."""

    @operation("Retire a location", verb="manage_organisation", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """409 while monitors are checked from it. What it saw stays."""
        location = get_location(self.person, public_id, "manage_organisation")
        retire_location(location, now=self.now, **changed(self.person, body)[1])


class LocationsOfMonitor(ApiView):
    """From where a monitor is checked."""

    @operation("Read how the locations of a monitor stand", verb="read", gives=QuorumOut)
    def get(self, request: Request, public_id: str) -> Standing:
        """What each last said, how many must agree and how many speak."""
        return standing_of(get_monitor(self.person, public_id), now=self.now)

    @operation("Say from where a monitor is checked", verb="edit", takes=MonitorLocations, gives=QuorumOut)
    def put(self, request: Request, public_id: str, body: dict[str, Any]) -> Standing:
        """The whole list; all of them check it at once, and a strict majority decides from then on."""
        monitor = get_monitor(self.person, public_id, "edit")
        chosen = chosen_locations(self.person, body["locations"])
        set_locations(monitor, chosen, now=self.now, reason=body["reason"], advise_after_s=body.get("advise_after_s"))
        return standing_of(monitor, now=self.now)


def chosen_locations(person: User, ids: list[str]) -> list[Location]:
    """The locations that a body names. Raises Refusals by index."""
    return [reference(f"locations.{index}", get_location, person, one) for index, one in enumerate(ids)]


def attach(locations: list[Location], *, now: datetime) -> None:
    """Put the signs of life on each location."""
    for held in places(locations, now=now):
        held.location.held_life = held  # type: ignore[attr-defined]
