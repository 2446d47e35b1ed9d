"""Systems of the inventory and the services that run on them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_person, get_team, require
from accounts.api.fields import Body, Change, Day, Id, Instant, Text
from accounts.api.filters import Filters, IdFilter, TextFilter
from accounts.api.people import PersonRef, TeamRef
from accounts.api.views import ApiView, operation, reference
from accounts.models import User
from monitors.access import get_service, get_system
from monitors.models import Service, ServiceSystem, System
from monitors.models.inventory import COMPOSITIONS
from monitors.services import (
    change_service,
    change_system,
    create_service,
    create_system,
    retire_service,
    retire_system,
    set_systems,
)


class Ref(serializers.Serializer):
    """A system, service or monitor in another answer."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()


class ServiceOut(serializers.Serializer):
    """What customers see and agreements are about."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    description = serializers.CharField()
    team = TeamRef(allow_null=True)
    owner = PersonRef(allow_null=True)
    composition = serializers.ChoiceField(choices=list(COMPOSITIONS))
    quorum = serializers.IntegerField(
        help_text="How many primary monitors must be up; 0 unless `composition` is quorum."
    )
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)


class OneServiceOut(ServiceOut):
    """A service with the systems it runs on."""

    systems = serializers.SerializerMethodField()

    @extend_schema_field(Ref(many=True))
    def get_systems(self, service: Service) -> Any:
        """Systems in force, by name."""
        held = links().filter(service=service).order_by("system__name")
        return [{"id": link.system.public_id, "name": link.system.name} for link in held]


class SystemOut(serializers.Serializer):
    """One row of the inventory."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    description = serializers.CharField()
    system_class = serializers.CharField()
    environment = serializers.CharField()
    team = TeamRef(allow_null=True)
    owner = PersonRef(allow_null=True)
    scope_from = serializers.DateField(allow_null=True)
    scope_until = serializers.DateField(allow_null=True)
    version = serializers.IntegerField()
    created_at = Instant()
    retired_at = Instant(allow_null=True)


class OneSystemOut(SystemOut):
    """A system with the services that run on it."""

    services = serializers.SerializerMethodField()

    @extend_schema_field(Ref(many=True))
    def get_services(self, system: System) -> Any:
        """Services in force, by name."""
        held = links().filter(system=system).order_by("service__name")
        return [{"id": link.service.public_id, "name": link.service.name} for link in held]


class ServiceFields(Body):
    """What can be said of a service; only what is sent is set."""

    team = Id("tea", required=False, allow_null=True)
    owner = Id("usr", required=False, allow_null=True)
    description = Text(max_length=4000, required=False, allow_blank=True)


class ServiceIn(ServiceFields):
    """A new service."""

    name = Text(max_length=120)


class ServiceChange(ServiceFields, Change):
    """What changes of a service."""

    name = Text(max_length=120, required=False)


class SystemFields(ServiceFields):
    """What can be said of a system; only what is sent is set."""

    system_class = Text(max_length=40, required=False, allow_blank=True)
    environment = Text(max_length=40, required=False, allow_blank=True)
    scope_from = Day(required=False, allow_null=True)
    scope_until = Day(required=False, allow_null=True)


class SystemIn(SystemFields):
    """A new system."""

    name = Text(max_length=120)


class SystemChange(SystemFields, Change):
    """What changes of a system."""

    name = Text(max_length=120, required=False)


class ServiceSystems(Body):
    """All systems that a service runs on."""

    systems = serializers.ListField(child=Id("sys"), max_length=200)
    reason = Text(max_length=500, required=False, default="", allow_blank=True)


class InventoryFilters(Filters):
    """Filters of services and systems."""

    team = IdFilter("team", label="Public id of a team.")
    owner = IdFilter("owner", label="Public id of a person.")
    name = TextFilter(lookup_expr="icontains", label="Part of the name.")


class Services(ApiView):
    """Services in force."""

    filterset_class = InventoryFilters

    @operation("List services", verb="read", gives=ServiceOut, many=True)
    def get(self, request: Request) -> QuerySet[Service]:
        """Oldest first."""
        return Service.objects.in_force().select_related("team", "owner")

    @operation("Create a service", verb="edit", takes=ServiceIn, gives=OneServiceOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Service:
        """Managers create for teams of their own."""
        given = named(self.person, body)
        require(self.person, "edit", Service(team=given.get("team")))
        return create_service(**given, now=self.now, reason="Created through the API")


class OneService(ApiView):
    """One service."""

    @operation("Read a service", verb="read", gives=OneServiceOut)
    def get(self, request: Request, public_id: str) -> Service:
        """Retired ones can be read too."""
        return get_service(self.person, public_id)

    @operation("Change a service", verb="edit", takes=ServiceChange, gives=OneServiceOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Service:
        """What is not sent stays."""
        service, (changes, why) = get_service(self.person, public_id, "edit"), changed(self.person, body)
        require(self.person, "edit", Service(team=changes.get("team", service.team)))
        return change_service(service, changes, now=self.now, **why)


class SystemsOfService(ApiView):
    """What a service runs on."""

    @operation("Say which systems a service runs on", verb="edit", takes=ServiceSystems, gives=OneServiceOut)
    def put(self, request: Request, public_id: str, body: dict[str, Any]) -> Service:
        """The whole list; systems that are not in it are taken off."""
        service = get_service(self.person, public_id, "edit")
        systems = [
            reference(f"systems.{index}", get_system, self.person, system)
            for index, system in enumerate(body["systems"])
        ]
        set_systems(service, systems, now=self.now, reason=body["reason"])
        return service


class ServiceRetirement(ApiView):
    """Taking a service out of force."""

    @operation("Retire a service", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """409 while monitors still watch it."""
        service = get_service(self.person, public_id, "edit")
        retire_service(service, now=self.now, **changed(self.person, body)[1])


class Systems(ApiView):
    """Systems in force."""

    filterset_class = InventoryFilters

    @operation("List systems", verb="read", gives=SystemOut, many=True)
    def get(self, request: Request) -> QuerySet[System]:
        """Oldest first."""
        return System.objects.in_force().select_related("team", "owner")

    @operation("Create a system", verb="edit", takes=SystemIn, gives=OneSystemOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> System:
        """Managers create for teams of their own."""
        given = named(self.person, body)
        require(self.person, "edit", System(team=given.get("team")))
        return create_system(**given, now=self.now, reason="Created through the API")


class OneSystem(ApiView):
    """One system."""

    @operation("Read a system", verb="read", gives=OneSystemOut)
    def get(self, request: Request, public_id: str) -> System:
        """Retired ones can be read too."""
        return get_system(self.person, public_id)

    @operation("Change a system", verb="edit", takes=SystemChange, gives=OneSystemOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> System:
        """What is not sent stays."""
        system, (changes, why) = get_system(self.person, public_id, "edit"), changed(self.person, body)
        require(self.person, "edit", System(team=changes.get("team", system.team)))
        return change_system(system, changes, now=self.now, **why)


class SystemRetirement(ApiView):
    """Taking a system out of force."""

    @operation("Retire a system", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """What it was stays in the history."""
        system = get_system(self.person, public_id, "edit")
        retire_system(system, now=self.now, **changed(self.person, body)[1])


def named(person: User, body: dict[str, Any]) -> dict[str, Any]:
    """The body with the objects that it names: team, owner and service."""
    finds = {"team": get_team, "owner": get_person, "service": get_service}
    found = dict(body)
    for field, find in finds.items():
        if found.get(field):
            found[field] = reference(field, find, person, found[field])
    return found


def changed(person: User, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A change in two parts: the fields, and the why (reason and the version seen)."""
    why = {"reason": body.get("reason", ""), "expected_version": body.get("version")}
    fields = {name: value for name, value in body.items() if name not in ("reason", "version")}
    return named(person, fields), why


def links() -> QuerySet[ServiceSystem]:
    """What runs on what, both ends in force."""
    held = ServiceSystem.objects.in_force().select_related("service", "system")
    return held.filter(service__retired_at__isnull=True, system__retired_at__isnull=True)
