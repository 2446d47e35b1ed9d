"""The services behind a removal: at which severities a fault of theirs would reach nobody but the catch-all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.models import Route
from incidents.queries import leading
from monitors.models import Service
from oncall.models import Policy
from oncall.removal import Removal, Thing, removal_of
from oncall.subject import SEVERITIES


@dataclass(frozen=True)
class LeftAlone:
    """One service, the severities for which the catch-all alone would be called, and the policies that would be silent."""

    service: Service
    severities: list[int]
    policies: list[Policy]


@dataclass(frozen=True)
class Consequences:
    """What would break, down to the services."""

    removal: Removal
    services: list[LeftAlone]

    @property
    def harmless(self) -> bool:
        """Whether nothing at all would change."""
        return not self.removal.hurt and not self.removal.catch_all


def consequences(thing: Thing, *, now: datetime) -> Consequences:
    """Work out what the removal of a thing would break. Changes nothing; the number of queries does not grow with services."""
    removal = removal_of(thing, now=now)
    silent = {policy.pk: policy for policy in removal.silent_policies}
    routes = list(Route.objects.in_force().filter(policy__retired_at__isnull=True)) if silent else []
    found = []
    for service in Service.objects.in_force().order_by("name", "pk") if silent else ():
        led = {severity: _leads(routes, service, severity) for severity in SEVERITIES}
        hit = {severity: policy for severity, policy in led.items() if policy in silent}
        if hit:
            policies = list(dict.fromkeys(silent[policy] for policy in hit.values() if policy is not None))
            found.append(LeftAlone(service, list(hit), policies))
    return Consequences(removal, found)


def _leads(routes: list[Route], service: Service, severity: int) -> int | None:
    best = leading(routes, service.pk, severity)
    return best.policy_id if best else None
