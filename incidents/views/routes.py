"""Routes: which policy is called for which service and severity."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from incidents.access import get_route
from incidents.forms.routes import Choices, NewRouteForm, RouteForm, TryForm
from incidents.models import Route
from incidents.queries import route_for, routes_in_force
from incidents.services.routes import change_route, create_route, retire_route
from incidents.services.work import BadInput
from ledger.clock import now
from ledger.tracked import StaleVersion
from monitors.access import get_service
from monitors.overview import services_in_force
from oncall.access import get_policy
from oncall.ladders import ladder_of
from oncall.models import Policy
from oncall.queries import policies_in_force


def routes_page(request: HttpRequest) -> HttpResponse:
    """Every route, the most specific first, and what happens where none fits."""
    require(request.user, "read")
    context = {"routes": routes_in_force(), "can_add": can(request.user, "edit")}
    return render(request, "incidents/routes.html", context)


def try_out(request: HttpRequest) -> HttpResponse:
    """Who would be called for a fault of a service and severity at an instant, asked of the engine. Nobody is called."""
    require(request.user, "read")
    services = [(one.public_id, one.name) for one in services_in_force()]
    form = TryForm(request.GET or None, services=services, initial={"severity": 1})
    context: dict[str, Any] = {"form": form}
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        service = get_service(request.user, data["service"]) if data["service"] else None
        route = route_for(service, data["severity"])
        begins = form.instant or now()
        ladder = ladder_of(route.policy, begins=begins, urgency=form.said_urgency) if route else []
        context |= {"asked": True, "service": service, "route": route, "begins": begins, "ladder": ladder}
    return render(request, "incidents/try_out.html", context, status=status_of(form))


def new_route(request: HttpRequest) -> HttpResponse:
    """Add a route. Managers for their teams' services, admins for every service."""
    require(request.user, "edit")
    every = can(request.user, "edit_any")
    mine = [(s.public_id, s.name) for s in services_in_force() if can(request.user, "edit", s)]
    initial = {"service": request.GET.get("service", "")}
    form = NewRouteForm(posted(request), initial=initial, policies=_policies(), services=mine, every_service=every)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        service = get_service(request.user, data["service"], "edit") if data["service"] else None
        try:
            route = create_route(
                service=service, severity=data["severity"], policy=get_policy(request.user, data["policy"]),
                runbook_url=data["runbook_url"], now=now(), reason="New route",
            )  # fmt: skip
            messages.success(request, f"{route}: {route.policy} is paged.")
            return redirect("incidents:routes")
        except BadInput as error:
            form.refuse(error)
    return render(request, "incidents/route_new.html", {"form": form}, status=status_of(form))


def edit_route(request: HttpRequest, public_id: str) -> HttpResponse:
    """Lead a route elsewhere. Everybody reads where it leads; its editors get the form."""
    route = get_route(request.user, public_id, "edit" if request.method == "POST" else "read")
    initial = {"policy": route.policy.public_id, "runbook_url": route.runbook_url, "version": route.version}
    form = RouteForm(posted(request), initial=initial, policies=_policies())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            change_route(
                route, policy=get_policy(request.user, data["policy"]), runbook_url=data["runbook_url"],
                now=now(), reason=data["reason"], expected_version=data["version"],
            )  # fmt: skip
            messages.success(request, f"{route}: {route.policy} is paged from the next incident on.")
            return redirect("incidents:routes")
        except BadInput as error:
            form.refuse(error)
        except StaleVersion:
            form.conflict(route)
    return _page(request, route, form=form, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a route out of force."""
    route = get_route(request.user, public_id, "edit")
    form = RetireForm(request.POST, auto_id="retire_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            retire_route(route, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{route} is out of force. What it covered falls to the next route.")
            return redirect("incidents:routes")
        except StaleVersion:
            form.conflict(route)
    return _page(request, route, retire_form=form, status=status_of(form))


def goes_to(request: HttpRequest, public_id: str, severity: int) -> HttpResponse:
    """Whom a fault of a service at a severity would page: a fragment of lower pages."""
    service = get_service(request.user, public_id)
    context = {"service": service, "severity": severity, "route": route_for(service, severity)}
    return render(request, "incidents/_goes_to.html", context)


def _policies() -> Choices:
    return [(policy.public_id, policy.name) for policy in policies_in_force()]


def _page(request: HttpRequest, route: Route, *, status: int = 200, **forms: Any) -> HttpResponse:
    initial = {"policy": route.policy.public_id, "runbook_url": route.runbook_url, "version": route.version}
    context = {
        "route": route,
        "changes": changes_of(route, limit=20, labels={"policy": naming(Policy)}),
        "can_edit": _may_edit(request, route),
        "form": RouteForm(initial=initial, policies=_policies()),
        "retire_form": RetireForm(initial={"version": route.version}, auto_id="retire_%s"),
        **forms,
    }
    return render(request, "incidents/route.html", context, status=status)


def _may_edit(request: HttpRequest, route: Route) -> bool:
    return can(request.user, "edit", route.service) if route.service else can(request.user, "edit_any")
