"""The organisation, and the private networks that its checks may reach."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_network
from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Instant, Text
from accounts.api.people import ZoneField
from accounts.api.views import ApiView, operation
from accounts.models import AllowedNetwork, Organisation
from accounts.queries import allowed_networks
from accounts.services.organisation import NetworkRefused, allow_network, change_organisation, disallow_network

REFUSALS: Refusals = {NetworkRefused: Refusal(400, "network_refused", field="cidr")}


class OrganisationOut(serializers.Serializer):
    """The organisation of this installation."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    timezone = serializers.CharField()
    version = serializers.IntegerField()


class OrganisationChange(Change):
    """Name and zone."""

    name = Text(max_length=120, required=False)
    timezone = ZoneField(required=False)


class NetworkOut(serializers.Serializer):
    """A private network that checks may reach."""

    id = serializers.CharField(source="public_id")
    cidr = serializers.CharField()
    version = serializers.IntegerField()
    created_at = Instant()


class NetworkIn(Body):
    """A network, and why it may be reached."""

    cidr = Text(max_length=60, help_text="Such as 10.20.0.0/24, or one address.")
    reason = Text(max_length=500)


class TheOrganisation(ApiView):
    """The organisation."""

    @operation("Read the organisation", verb="read", gives=OrganisationOut)
    def get(self, request: Request) -> Organisation:
        """There is one."""
        return Organisation.current()

    @operation("Change the organisation", verb="manage_organisation", takes=OrganisationChange, gives=OrganisationOut)
    def patch(self, request: Request, body: dict[str, Any]) -> Organisation:
        """Days that were counted already keep the zone they were counted in."""
        house = Organisation.current()
        change_organisation(
            house, name=body.get("name", house.name), timezone=body.get("timezone", house.timezone),
            now=self.now, reason=body["reason"], expected_version=body.get("version", house.version),
        )  # fmt: skip
        return house


class Networks(ApiView):
    """Allowed networks in force."""

    refusals = REFUSALS

    @operation("List allowed networks", verb="read", gives=NetworkOut, many=True)
    def get(self, request: Request) -> QuerySet[AllowedNetwork]:
        """Private ranges that outgoing calls may reach."""
        return allowed_networks()

    @operation("Allow a network", verb="manage_organisation", takes=NetworkIn, gives=NetworkOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> AllowedNetwork:
        """Metadata addresses and our own services stay closed whatever is allowed."""
        return allow_network(cidr=body["cidr"], now=self.now, reason=body["reason"])


class OneNetwork(ApiView):
    """One allowed network."""

    @operation("Read an allowed network", verb="read", gives=NetworkOut)
    def get(self, request: Request, public_id: str) -> AllowedNetwork:
        """A network in force."""
        return get_network(self.person, public_id, "read")


class NetworkRetirement(ApiView):
    """Closing a network."""

    @operation("Close a network again", verb="manage_organisation", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """Checks that need it fail from their next run and say why."""
        network = get_network(self.person, public_id)
        disallow_network(network, now=self.now, reason=body["reason"])
