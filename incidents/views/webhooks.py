"""Webhooks: where incidents and pages are told. A secret is shown once, on the page that made it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts.access import can, get_team, require
from accounts.forms.changes import posted, status_of
from accounts.models import Team
from accounts.queries import teams
from incidents.access import get_webhook, require_webhook
from incidents.forms.webhooks import Choices, NewWebhookForm, WebhookForm
from incidents.models import WebhookEndpoint
from incidents.services.work import BadInput
from incidents.views.webhook import webhook_context
from incidents.webhooks.queries import Health, endpoints_in_force, health_of
from incidents.webhooks.services import change_endpoint, create_endpoint
from ledger.clock import now
from ledger.tracked import StaleVersion

NO_TEAM = ("", "No team: admins only")


def webhooks_page(request: HttpRequest) -> HttpResponse:
    """Every endpoint, and how it fares."""
    require(request.user, "read")
    instant = now()
    endpoints = list(endpoints_in_force())
    fares = health_of(endpoints, now=instant)
    context = {
        "rows": [(endpoint, fares.get(endpoint.pk, Health())) for endpoint in endpoints],
        "can_add": can(request.user, "edit"),
    }
    return render(request, "incidents/webhooks.html", context)


@never_cache
def new_webhook(request: HttpRequest) -> HttpResponse:
    """Add an endpoint. The answer holds its secret; loading the page again does not."""
    require(request.user, "edit")
    form = NewWebhookForm(posted(request), teams=_teams(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        team = _team(request, data["team"])
        require_webhook(request.user, WebhookEndpoint(team=team), "edit")
        try:
            made = create_endpoint(
                name=data["name"], team=team, url=data["url"], events=data["events"], now=now(),
                reason="New webhook",
            )  # fmt: skip
            return render(request, "incidents/webhook.html", webhook_context(request, made, secret=made.secret))
        except BadInput as error:
            form.refuse(error)
    return render(request, "incidents/webhook_form.html", {"form": form}, status=status_of(form))


def edit_webhook(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change an endpoint. A stale form keeps what was typed and says who changed what."""
    endpoint = get_webhook(request.user, public_id, "edit")
    form = WebhookForm(posted(request), initial=_initial(endpoint), teams=_teams(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        team = _team(request, data["team"])
        require_webhook(request.user, WebhookEndpoint(team=team), "edit")
        try:
            changes = {"name": data["name"], "team": team, "events": data["events"]}
            address = {"url": data["url"]} if data["url"] else {}
            change_endpoint(
                endpoint, changes | address, now=now(), reason=data["reason"], expected_version=data["version"]
            )
            messages.success(request, f"Saved as version {endpoint.version}. The next call goes by it.")
            return redirect("incidents:webhook", public_id)
        except BadInput as error:
            form.refuse(error)
        except StaleVersion:
            form.conflict(endpoint)
    return render(request, "incidents/webhook_form.html", {"form": form, "webhook": endpoint}, status=status_of(form))


def _initial(endpoint: WebhookEndpoint) -> dict[str, Any]:
    team = endpoint.team.public_id if endpoint.team else ""
    return {"name": endpoint.name, "team": team, "events": endpoint.events, "version": endpoint.version}


def _teams(request: HttpRequest) -> Choices:
    """The teams for which the person may edit; none at all is for admins."""
    mine = [(team.public_id, team.name) for team in teams() if can(request.user, "edit", WebhookEndpoint(team=team))]
    return [NO_TEAM, *mine] if can(request.user, "edit_any") else mine


def _team(request: HttpRequest, public_id: str) -> Team | None:
    return get_team(request.user, public_id) if public_id else None
