"""Systems: the inventory."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of, naming
from accounts.models import Team, User
from ledger.clock import now
from monitors.access import get_system
from monitors.forms.inventory import NewSystemForm, SystemForm
from monitors.forms.refusals import refusals_on
from monitors.models import System
from monitors.overview import services_on, systems_in_force
from monitors.services import change_system, create_system, retire_system
from monitors.views.owned import choices, owned, owned_initial

OWN_FIELDS = ("system_class", "environment", "scope_from", "scope_until")


def systems_page(request: HttpRequest) -> HttpResponse:
    """The inventory, by name."""
    require(request.user, "read")
    context = {"systems": systems_in_force(), "can_add": can(request.user, "edit")}
    return render(request, "monitors/systems.html", context)


def system_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """What it is, who owns it, which services run on it, and its history."""
    return _page(request, get_system(request.user, public_id))


def new_system(request: HttpRequest) -> HttpResponse:
    """Put a system into the inventory."""
    require(request.user, "edit")
    form = NewSystemForm(posted(request), initial={"environment": "production"}, **choices(request))
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            system = create_system(**_fields(request, form), now=now(), reason="New system")
            return redirect("monitors:system", system.public_id)
    return render(request, "monitors/system_form.html", {"form": form}, status=status_of(form))


def edit_system(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a system."""
    system = get_system(request.user, public_id, "edit")
    initial = {**owned_initial(system), **{name: getattr(system, name) for name in OWN_FIELDS}}
    form = SystemForm(posted(request), initial=initial, **choices(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, system):
            change_system(
                system, _fields(request, form), now=now(), reason=data["reason"], expected_version=data["version"]
            )
            messages.success(request, f"{system} saved.")
            return redirect("monitors:system", public_id)
    return render(request, "monitors/system_form.html", {"form": form, "system": system}, status=status_of(form))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a system out of the inventory."""
    system = get_system(request.user, public_id, "edit")
    form = RetireForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form, system):
            retire_system(system, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{system} is retired.")
            return redirect("monitors:systems")
    return _page(request, system, retire_form=form, status=status_of(form))


def _fields(request: HttpRequest, form: SystemForm) -> dict[str, Any]:
    return {**owned(request, form.cleaned_data), **{name: form.cleaned_data[name] for name in OWN_FIELDS}}


def _page(request: HttpRequest, system: System, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "system": system,
        "services": services_on(system),
        "changes": changes_of(system, limit=20, labels={"team": naming(Team), "owner": naming(User)}),
        "can_edit": system.retired_at is None and can(request.user, "edit", system),
        "retire_form": RetireForm(initial={"version": system.version}),
        **forms,
    }
    return render(request, "monitors/system.html", context, status=status)
