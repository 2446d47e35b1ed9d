"""The list of incidents as a page filters it."""

from __future__ import annotations

from django.db.models import QuerySet

from incidents import states
from incidents.models import Incident
from incidents.queries import recent_incidents

STATES = {
    "open": ("Open", states.OPEN_STATES),
    "nobody": ("With nobody", (states.TRIGGERED,)),
    "resolved": ("Resolved", (states.RESOLVED,)),
}


def matching(*, state: str = "", severity: str = "", service: str = "") -> QuerySet[Incident]:
    """Incidents newest first; `service` is a public id. A filter that names nothing known is not applied."""
    found = recent_incidents()
    if state in STATES:
        found = found.filter(state__in=STATES[state][1])
    if severity in ("1", "2", "3", "4"):
        found = found.filter(severity=int(severity))
    if service:
        found = found.filter(service__public_id=service)
    return found
