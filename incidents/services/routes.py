"""Routes: who is paged for what. Configuration, so every change is a version with a reason."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from incidents.models import Route
from incidents.services.work import BadInput
from monitors.models import Service
from oncall.models import Policy

ANY_RUNBOOK = URLValidator(schemes=["http", "https"])


def create_route(
    *,
    service: Service | None,
    severity: int | None,
    policy: Policy,
    now: datetime,
    runbook_url: str = "",
    reason: str = "",
) -> Route:
    """Add a route; None means any. Raises BadInput for a second route of the same service and severity."""
    route = Route(service=service, severity=severity, policy=policy, runbook_url=runbook_url)
    _save(route, now=now, reason=reason)
    return route


def change_route(
    route: Route,
    *,
    policy: Policy,
    now: datetime,
    runbook_url: str = "",
    reason: str = "",
    expected_version: int | None = None,
) -> Route:
    """Lead a route to another policy or runbook. Runs that began go on under the policy they froze."""
    route.policy, route.runbook_url = policy, runbook_url
    _save(route, now=now, reason=reason, expected_version=expected_version)
    return route


def retire_route(route: Route, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a route out of force; what it covered falls to the next one, in the end to the catch-all."""
    route.retire(now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def _save(route: Route, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    if route.severity not in (None, 1, 2, 3, 4):
        raise BadInput("severity", "Severity is 1 (worst) to 4, or empty for every severity.")
    if route.policy.retired_at:
        raise BadInput("policy", f"{route.policy.name} is no longer in force. Choose another policy.")
    if route.runbook_url:
        try:
            ANY_RUNBOOK(route.runbook_url)
        except ValidationError:
            raise BadInput("runbook_url", "A runbook is an address that begins with http:// or https://.") from None
    twin = Route.objects.in_force().filter(service=route.service, severity=route.severity).exclude(pk=route.pk)
    if twin.exists():
        raise BadInput("service", f"There is a route for {route} already. Change that one.")
    route.save(now=now, reason=reason, expected_version=expected_version)
