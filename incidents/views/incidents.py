"""The list of incidents, and declaring one."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.access import can, require
from incidents.forms.work import DeclareForm
from incidents.lists import STATES, matching
from incidents.queries import open_incidents
from incidents.services.work import BadInput, declare
from incidents.views.incident import SCREEN, me
from ledger.actors import current_actor
from ledger.clock import now
from monitors.access import get_service
from monitors.models import Service

PER_PAGE = 40


def index(request: HttpRequest) -> HttpResponse:
    """Open ones above, then everything that matches, newest first. Polled: the open ones only."""
    require(request.user, "read")
    found = list(open_incidents())
    context: dict[str, Any] = {"open": found, "now": now()}
    if request.headers.get("HX-Request"):
        return render(request, "incidents/_open.html", context)
    chosen = {key: request.GET.get(key, "") for key in ("state", "severity", "service")}
    page = Paginator(matching(**chosen), PER_PAGE).get_page(request.GET.get("page"))
    context |= {
        "page": page,
        "chosen": chosen,
        "filtered": any(chosen.values()),
        "states": [(value, words) for value, (words, _) in STATES.items()],
        "services": Service.objects.in_force().order_by("name"),
        "may_declare": can(request.user, "declare"),
        "nobody": sum(1 for incident in found if not incident.acknowledged_by_id),
    }
    return render(request, "incidents/incidents.html", context)


def declare_one(request: HttpRequest) -> HttpResponse:
    """A person says that something is wrong; it is paged like any other."""
    require(request.user, "declare")
    services = [(service.public_id, service.name) for service in Service.objects.in_force().order_by("name")]
    form = DeclareForm(request.POST or None, services=services)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            incident = declare(
                title=data["title"], severity=data["severity"], urgency=data["urgency"], note=data["note"],
                service=get_service(request.user, data["service"]) if data["service"] else None, actor=current_actor(), person=me(request),
                how=SCREEN, now=now(),
            )  # fmt: skip
        except BadInput as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("incidents:incident", incident.number)
    return render(request, "incidents/declare.html", {"form": form}, status=422 if form.errors else 200)
