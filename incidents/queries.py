"""Reads: incidents and their stories, alerts as pure values, routes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.models import User
from incidents.correlate import FLAPPING, Event, KnownAlert
from incidents.models import Alert, Incident, Route, TimelineEntry
from incidents.subjects import KIND
from incidents.times import Times
from ledger import texts
from monitors.models import Service
from oncall.queries import next_step, pages_by_fingerprint, people_by_id


def open_incidents() -> QuerySet[Incident]:
    """Open incidents, the worst and oldest first."""
    return Incident.objects.open().select_related("service", "acknowledged_by").order_by("severity", "opened_at", "pk")


def recent_incidents() -> QuerySet[Incident]:
    """All incidents, newest first."""
    return Incident.objects.select_related("service", "acknowledged_by", "resolved_by").order_by("-opened_at", "-id")


def worst_open() -> Incident | None:
    """The incident that the watchline names, None when all is well."""
    return open_incidents().first()


def story_of(incident: Incident) -> list[TimelineEntry]:
    """The incident's timeline in order of what happened, each entry with `.text` filled in; two queries."""
    entries = list(incident.timeline.select_related("person", "entry").order_by("occurred_at", "id"))
    bodies = texts.read_many({entry.text_sha256 for entry in entries if entry.text_sha256})
    for entry in entries:
        missing = "(text removed; its hash is in the ledger)" if entry.text_sha256 else ""
        entry.text = bodies.get(entry.text_sha256, missing)  # type: ignore[attr-defined]
    return entries


def times_of(incident: Incident, *, first_page_at: datetime | None = None) -> Times:
    """The incident's instants; first_page_at: when a provider first accepted a page, if the caller knows."""
    return Times(
        began_at=incident.opened_at,
        detected_at=incident.recorded_at,
        first_page_at=first_page_at,
        acknowledged_at=incident.first_acknowledged_at,
        resolved_at=incident.resolved_at,
    )


def alerts_of(incident: Incident) -> QuerySet[Alert]:
    """The incident's alerts, oldest first."""
    return incident.alerts.select_related("monitor", "service").order_by("opened_at", "pk")


def open_alerts() -> QuerySet[Alert]:
    """Alerts that have not ended."""
    return Alert.objects.open().select_related("incident", "monitor", "service").order_by("opened_at", "pk")


def alerts_for(event: Event, *, now: datetime, within: timedelta) -> list[KnownAlert]:
    """The alerts that may concern the event: open ones of its identity or group, and lately ended ones."""
    mine = Q(identity=event.identity) | (Q(group=event.group) if event.group else Q())
    lately = Q(closed_at__isnull=True) | Q(incident__state__in=("triggered", "acknowledged"))
    ended = Q(incident__resolved_at__gt=now - within)
    lately |= ended if event.condition == FLAPPING else ended & Q(identity=event.identity)
    rows = Alert.objects.filter(mine, lately, source=event.source).select_related("incident").order_by("pk")
    return [as_known(row) for row in rows]


def as_known(alert: Alert) -> KnownAlert:
    """The pure value of an alert row."""
    incident = alert.incident
    return KnownAlert(
        id=alert.pk,
        source=alert.source,
        identity=alert.identity,
        group=alert.group,
        incident=incident.number if incident else "",
        incident_open=bool(incident and incident.is_open),
        severity=incident.severity if incident else alert.severity,
        urgency=incident.urgency if incident else alert.urgency,
        condition=alert.condition,
        closed_at=alert.closed_at,
        resolved_at=incident.resolved_at if incident else None,
    )


def route_for(service: Service | None, severity: int) -> Route | None:
    """The route that leads for a service and severity, of those in force whose policy is in force too; None when none fits."""
    held = Route.objects.in_force().filter(policy__retired_at__isnull=True).select_related("policy")
    found: Route | None = leading(held, service.pk if service else None, severity)
    return found


def leading(routes: Iterable[Any], service: int | None, severity: int) -> Any | None:
    """The most specific of some routes, or of history rows of them; None when none fits. service: its key, None for no service.

    A route of the service beats one of any service; within that, one of the severity beats one of any; then the older one.
    """
    fits = [one for one in routes if one.service_id in (None, service) and one.severity in (None, severity)]
    return min(fits, key=lambda one: (one.service_id is None, one.severity is None, one.id), default=None)


def routes_in_force() -> QuerySet[Route]:
    """Routes, the most specific first: by service name, the routes of every service last."""
    found = Route.objects.in_force().select_related("service", "policy")
    return found.order_by(F("service__name").asc(nulls_last=True), F("severity").asc(nulls_last=True), "pk")


def people_still_to_call(incident: Incident) -> list[User]:
    """Who the escalation would have called next: people of its next step who were not paged yet."""
    coming = next_step(KIND, incident.number)
    if coming is None:
        return []
    paged = set(coming.run.pages.values_list("person_id", flat=True))
    return [user for user in coming.people if user.pk not in paged]


def open_codes(phone_fingerprint: str, *, now: datetime, states: tuple[str, ...], but: str = "") -> list[str]:
    """Incidents in these states that this phone was paged for: `INC-2026-0043 [13]`, newest page first.

    but: the number of one to leave out.
    """
    codes: dict[str, int] = {}
    for page in pages_by_fingerprint(phone_fingerprint, now=now).filter(run__subject_kind=KIND):
        if page.run and page.run.subject_id != but:
            codes.setdefault(page.run.subject_id, page.short_code)
    still = set(Incident.objects.filter(number__in=codes, state__in=states).values_list("number", flat=True))
    return [f"{number} [{code}]" for number, code in codes.items() if number in still]


def names_of(public_ids: Sequence[str]) -> list[str]:
    """Names of people in the order given; ids that are nobody's are left out."""
    known = people_by_id(public_ids)
    return [str(known[public_id]) for public_id in public_ids if public_id in known]
