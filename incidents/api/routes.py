"""Routes: which policy is called for which service and severity."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.errors import Refusal, Refusals
from accounts.api.fields import Body, Change, Id, Instant, Text, Whole
from accounts.api.filters import Filters, IdFilter, WholeFilter
from accounts.api.views import ApiView, operation, reference
from incidents.access import get_route, require_route_editor
from incidents.models import Route
from incidents.queries import routes_in_force
from incidents.services.routes import change_route, create_route, retire_route
from incidents.services.work import BadInput
from monitors.access import get_service
from monitors.api.inventory import Ref
from oncall.access import get_policy

REFUSALS: Refusals = {BadInput: Refusal(400, "invalid")}


class RouteOut(serializers.Serializer):
    """Who is paged for what. A null service or severity means any."""

    id = serializers.CharField(source="public_id")
    service = Ref(allow_null=True)
    severity = serializers.IntegerField(allow_null=True)
    policy = Ref()
    runbook_url = serializers.CharField()
    version = serializers.IntegerField()
    created_at = Instant()


class RouteIn(Body):
    """A new route."""

    service = Id("svc", required=False, allow_null=True, default=None)
    severity = Whole(min_value=1, max_value=4, required=False, allow_null=True, default=None)
    policy = Id("pol")
    runbook_url = Text(max_length=500, required=False, default="", allow_blank=True)


class RouteChange(Change):
    """Where a route leads from now on."""

    policy = Id("pol", required=False)
    runbook_url = Text(max_length=500, required=False, allow_blank=True)


class RouteFilters(Filters):
    """Filters of routes."""

    service = IdFilter("service", label="Public id of a service.")
    policy = IdFilter("policy", label="Public id of a policy.")
    severity = WholeFilter(min_value=1, max_value=4)


class Routes(ApiView):
    """Routes in force."""

    filterset_class = RouteFilters
    refusals = REFUSALS

    @operation("List routes", verb="read", gives=RouteOut, many=True)
    def get(self, request: Request) -> QuerySet[Route]:
        """Oldest first."""
        return routes_in_force()

    @operation("Create a route", verb="edit", takes=RouteIn, gives=RouteOut, status=201)
    def post(self, request: Request, body: dict[str, Any]) -> Route:
        """Managers for services of their teams, admins for every service."""
        given = named(self.person, body)
        require_route_editor(self.person, Route(service=given["service"]))
        return create_route(**given, now=self.now, reason="Created through the API")


class OneRoute(ApiView):
    """One route."""

    refusals = REFUSALS

    @operation("Read a route", verb="read", gives=RouteOut)
    def get(self, request: Request, public_id: str) -> Route:
        """A route in force."""
        return get_route(self.person, public_id)

    @operation("Change a route", verb="edit", takes=RouteChange, gives=RouteOut)
    def patch(self, request: Request, public_id: str, body: dict[str, Any]) -> Route:
        """From the next incident on; escalations under way go on under the policy that they froze."""
        route = get_route(self.person, public_id, "edit")
        given = named(self.person, body)
        return change_route(
            route, policy=given.get("policy", route.policy), runbook_url=given.get("runbook_url", route.runbook_url),
            now=self.now, reason=given["reason"], expected_version=given.get("version"),
        )  # fmt: skip


class RouteRetirement(ApiView):
    """Taking a route out of force."""

    @operation("Retire a route", verb="edit", takes=Change, status=204)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> None:
        """What it covered falls to the next route, in the end to the catch-all."""
        route = get_route(self.person, public_id, "edit")
        retire_route(route, now=self.now, reason=body["reason"], expected_version=body.get("version"))


def named(person: Any, body: dict[str, Any]) -> dict[str, Any]:
    """The body with the service and policy that it names."""
    found = dict(body)
    for field, find in (("service", get_service), ("policy", get_policy)):
        if found.get(field):
            found[field] = reference(field, find, person, found[field])
    return found
