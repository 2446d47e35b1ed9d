"""The organisation, and the private networks its checks may reach."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, get_network, require
from accounts.forms.changes import status_of
from accounts.forms.organisation import NetworkForm, OrganisationForm, ReasonForm
from accounts.models import Organisation
from accounts.queries import allowed_networks
from accounts.services.organisation import NetworkRefused, allow_network, change_organisation, disallow_network
from ledger.clock import now
from ledger.tracked import StaleVersion


def organisation_page(request: HttpRequest) -> HttpResponse:
    """Name and zone; everybody reads, admins change."""
    require(request.user, "read")
    organisation = Organisation.current()
    if request.method != "POST":
        return _page(request, organisation)
    require(request.user, "manage_organisation")
    form = OrganisationForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            change_organisation(
                organisation, name=data["name"], timezone=data["timezone"], now=now(),
                reason=data["reason"], expected_version=data["version"],
            )  # fmt: skip
            messages.success(request, "Organisation saved.")
            return redirect("accounts:organisation")
        except StaleVersion:
            form.conflict(organisation)
    return _page(request, organisation, form=form, status=status_of(form))


@require_POST
def add_network(request: HttpRequest) -> HttpResponse:
    """Allow a private network, with a reason."""
    require(request.user, "manage_organisation")
    form = NetworkForm(request.POST, auto_id="network_%s")
    if form.is_valid():
        try:
            network = allow_network(**form.cleaned_data, now=now())
            messages.success(request, f"Checks may reach {network} now.")
            return redirect("accounts:organisation")
        except NetworkRefused as error:
            form.add_error("cidr", str(error))
    return _page(request, Organisation.current(), network_form=form, status=status_of(form))


@require_POST
def drop_network(request: HttpRequest, public_id: str) -> HttpResponse:
    """Close a network again."""
    network = get_network(request.user, public_id)
    form = ReasonForm(request.POST)
    if form.is_valid():
        disallow_network(network, now=now(), reason=form.cleaned_data["reason"])
        messages.success(request, f"Checks may no longer reach {network}.")
    else:
        messages.error(request, f"{network} stays allowed: say why it should not be.")
    return redirect("accounts:organisation")


def _page(request: HttpRequest, organisation: Organisation, *, status: int = 200, **forms: Any) -> HttpResponse:
    start = {"name": organisation.name, "timezone": organisation.timezone, "version": max(organisation.version, 1)}
    context = {
        "organisation": organisation,
        "networks": allowed_networks(),
        "can_manage": can(request.user, "manage_organisation"),
        "form": OrganisationForm(initial=start),
        "network_form": NetworkForm(auto_id="network_%s"),
        **forms,
    }
    return render(request, "accounts/organisation.html", context, status=status)
