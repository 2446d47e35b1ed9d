"""The only door to incidents, alerts, routes and webhooks for screens and API.

Every member of the organisation may read every incident; who may answer is told by `accounts.roles`.
What does not exist is 404, what may be seen but not done is 403.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from accounts.access import can, require
from incidents.models import Alert, Incident, Route, WebhookDelivery, WebhookEndpoint
from oncall.removal import Thing, find_thing


def get_incident(user: Any, number: str, need: str = "read") -> Incident:
    """The incident of a number, for somebody who may do `need` (a verb). Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = Incident.objects.select_related("service", "acknowledged_by", "resolved_by")
    incident = found.filter(number=number.upper()).first()
    if incident is None:
        raise Http404
    require(user, need)
    return incident


def get_removable(user: Any, public_id: str) -> Thing:
    """A person, contact method, schedule, team or policy in force, to ask what its removal breaks: all members may.

    Raises Http404, PermissionDenied.
    """
    _signed_in(user)
    found = find_thing(public_id)
    if found is None:
        raise Http404
    require(user, "read")
    return found


def get_alert(user: Any, public_id: str) -> Alert:
    """An alert. Raises Http404, PermissionDenied."""
    _signed_in(user)
    alert = Alert.objects.select_related("incident", "monitor", "service").filter(public_id=public_id).first()
    if alert is None:
        raise Http404
    require(user, "read")
    return alert


def all_alerts(user: Any) -> QuerySet[Alert]:
    """Every alert: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return Alert.objects.select_related("incident", "monitor", "service")


def get_route(user: Any, public_id: str, need: str = "read") -> Route:
    """A route in force. One that names a service belongs to the service's team. Raises Http404, PermissionDenied."""
    _signed_in(user)
    route = Route.objects.in_force().select_related("service", "policy").filter(public_id=public_id).first()
    if route is None:
        raise Http404
    if need == "edit":
        require_route_editor(user, route)
    else:
        require(user, need)
    return route


def require_route_editor(user: Any, route: Route) -> None:
    """Managers edit routes of their teams' services; the routes of every service are an admin's."""
    if route.service is not None:
        require(user, "edit", route.service)
    else:
        require(user, "edit_any")


def get_webhook(user: Any, public_id: str, need: str = "read") -> WebhookEndpoint:
    """A webhook endpoint in force. Managers edit those of their teams, admins all. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = WebhookEndpoint.objects.in_force().select_related("team")
    endpoint = found.filter(public_id=public_id).first()
    if endpoint is None:
        raise Http404
    require_webhook(user, endpoint, need)
    return endpoint


def require_webhook(user: Any, endpoint: WebhookEndpoint, need: str) -> None:
    """One without a team hears of everybody's incidents on nobody's behalf: it is an admin's."""
    require(user, "edit_any" if need == "edit" and endpoint.team_id is None else need, endpoint)


def get_delivery(user: Any, public_id: str, need: str = "read") -> WebhookDelivery:
    """A delivery, of retired endpoints too. Who may edit the endpoint may replay it. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = WebhookDelivery.objects.select_related("endpoint__team", "event").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    require_webhook(user, found.endpoint, need)
    return found


def all_deliveries(user: Any) -> QuerySet[WebhookDelivery]:
    """Every delivery: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return WebhookDelivery.objects.select_related("endpoint", "event")


def may_respond(user: Any) -> bool:
    """Whether the person may acknowledge, resolve, escalate and note."""
    return can(user, "respond")


def _signed_in(user: Any) -> None:
    if not getattr(user, "is_authenticated", False):
        raise Http404
