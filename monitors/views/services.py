"""Services: what customers see."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from accounts.models import Organisation, Team, User
from ledger.clock import now
from monitors.access import get_service, get_system
from monitors.agreements import agreements_in_force, made_of, uptime_of
from monitors.forms.inventory import NewServiceForm, ServiceForm
from monitors.forms.refusals import refusals_on
from monitors.inventory import change_service_whole, create_service_whole
from monitors.maintenance import covering
from monitors.models import Service, System
from monitors.overview import (
    monitors_of,
    rows,
    services_in_force,
    systems_in_force,
    systems_of,
    with_days,
    worst_states,
)
from monitors.services import retire_service
from monitors.views.owned import choices, owned, owned_initial

SOON = timedelta(days=7)


def services_page(request: HttpRequest) -> HttpResponse:
    """Every service with the worst state of its monitors."""
    require(request.user, "read")
    instant = now()
    states = worst_states(now=instant)
    services = [(service, states.get(service.pk, "")) for service in services_in_force()]
    context = {"services": services, "now": instant, "can_add": can(request.user, "edit")}
    return render(request, "monitors/services.html", context)


def service_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Its monitors, systems, whom a fault goes to, and its history."""
    return _page(request, get_service(request.user, public_id))


def new_service(request: HttpRequest) -> HttpResponse:
    """Make a service."""
    require(request.user, "edit")
    form = NewServiceForm(posted(request), systems=_system_choices(), **choices(request))
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            fields = owned(request, form.cleaned_data)
            service = create_service_whole(fields, _systems(request, form), now=now(), reason="New service")
            return redirect("monitors:service", service.public_id)
    return render(request, "monitors/service_form.html", {"form": form}, status=status_of(form))


def edit_service(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a service."""
    service = get_service(request.user, public_id, "edit")
    initial = {**owned_initial(service), "systems": [system.public_id for system in systems_of(service)]}
    form = ServiceForm(posted(request), initial=initial, systems=_system_choices(), **choices(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, service):
            change_service_whole(
                service,
                owned(request, data),
                _systems(request, form),
                now=now(),
                reason=data["reason"],
                expected_version=data["version"],
            )
            messages.success(request, f"{service} saved.")
            return redirect("monitors:service", public_id)
    return render(request, "monitors/service_form.html", {"form": form, "service": service}, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a service out of force, once nothing watches it any more."""
    service = get_service(request.user, public_id, "edit")
    form = RetireForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, service):
            retire_service(service, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{service} is retired.")
            return redirect("monitors:services")
    return _page(request, service, retire_form=form, status=status_of(form))


def _page(request: HttpRequest, service: Service, *, status: int = 200, **forms: Any) -> HttpResponse:
    instant = now()
    found = rows(monitors_of(service), now=instant)
    context = {
        "service": service,
        "rows": with_days(found, now=instant, zone=Organisation.current().zone),
        "systems": systems_of(service),
        "maintenance": covering([service.public_id], now=instant, within=SOON)[:2],
        "made_of": made_of(service),
        "uptime": uptime_of(service, now=instant, zone=Organisation.current().zone),
        "slas": agreements_in_force().filter(service=service),
        "changes": changes_of(service, limit=20, labels={"team": naming(Team), "owner": naming(User)}),
        "can_edit": service.retired_at is None and can(request.user, "edit", service),
        "retire_form": RetireForm(initial={"version": service.version}),
        "now": instant,
        **forms,
    }
    return render(request, "monitors/service.html", context, status=status)


def _system_choices() -> list[tuple[str, str]]:
    return [(system.public_id, system.name) for system in systems_in_force()]


def _systems(request: HttpRequest, form: ServiceForm) -> list[System]:
    chosen = form.cleaned_data.get("systems") or []
    return [get_system(request.user, public_id) for public_id in chosen]
