"""The incident's part of a pack, and what else below it belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.evidence import as_of_words, people_tables, public_ids, with_threads
from accounts.models import User
from incidents.models import Alert, Incident, Route
from incidents.queries import story_of
from incidents.routing_evidence import routing_cells_table
from incidents.subjects import KIND
from ledger.evidence import CHUNK, threaded
from ledger.tables import Row, Scope, Table, pieces
from ledger.tracked import as_of
from monitors.evidence import monitor_tables, observed_ids
from monitors.heartbeats_evidence import heartbeats_of, heartbeats_table
from monitors.models import Monitor, Service
from oncall.evidence import paging_ids, paging_tables, people_named
from oncall.evidence_contacts import contacts_table
from oncall.models import Policy
from oncall.proof_evidence import contact_test_tables

AROUND = timedelta(hours=1)
PIECE = 200  # incidents whose alerts are asked for at once
INCIDENTS = (
    "incident_id", "title", "severity", "severity_initial", "urgency", "state", "service_id", "runbook_url", "detected_by",
    "impact_started_at", "detected_at", "first_acknowledged_at", "acknowledged_at", "acknowledged_by", "resolved_at",
    "resolved_by", "reopened_count", "last_reopened_at", "ttd_s", "tta_s", "ttr_s", "recorded_at",
)  # fmt: skip
TIMELINE = (
    "entry_id", "incident_id", "occurred_at", "recorded_at", "late_entry_s", "actor_kind", "actor_id", "person_id", "kind",
    "how", "data", "text", "text_sha256",
)  # fmt: skip
ALERTS = (
    "alert_id", "incident_id", "source", "condition", "monitor_id", "service_id", "rule_version", "severity", "urgency",
    "title", "reason", "fired_at", "recorded_at", "last_seen_at", "count", "resolved_at", "resolved_recorded_at",
    "resolved_reason", "suppressed_by",
)  # fmt: skip
ROUTES = ("as_of", "route_id", "version", "service_id", "severity", "policy_id", "runbook_url", "last_modified_at", "last_modified_by")  # fmt: skip


@dataclass(frozen=True)
class Surroundings:
    """What an incident's pack speaks of besides itself."""

    scope: Scope
    monitors: list[Monitor]
    services: list[Service]
    policies: list[str]
    people: list[str]


def surroundings(incident: Incident, *, now: datetime) -> Surroundings:
    """The instant, the window, and the objects that belong to an incident.

    Configuration is shown as of the instant at which the incident was recorded; observations from an hour before it
    began to an hour after it ended.
    """
    end = min(now, (incident.resolved_at or now) + AROUND)
    scope = Scope(KIND, incident.number, incident.recorded_at, incident.opened_at - AROUND, end)
    alerts = incident.alerts.exclude(monitor=None)
    monitors = list(Monitor.objects.filter(pk__in=alerts.values("monitor")).order_by("pk"))
    own = [incident.service_id] if incident.service_id else []
    service_ids = {*own, *(one.service_id for one in monitors)}
    services = list(Service.objects.filter(pk__in=service_ids).order_by("pk"))
    routes = _routes_as_of(scope)
    policies = sorted(public_ids(Policy, [row.policy_id for row in routes]).values())
    told = incident.timeline.exclude(person=None).values_list("person__public_id", flat=True)
    people = {*told, *people_named(KIND, incident.number, policies, scope)}
    return Surroundings(scope, monitors, services, policies, sorted(people))


def incident_tables(incident: Incident, around: Surroundings) -> list[Table]:
    """The tables of an incident's pack from here down: incident, people, monitors, paging."""
    scope = around.scope
    return [
        *_told_of(scope, [incident]),
        *people_tables(scope, around.people),
        *monitor_tables(scope, around.monitors, around.services),
        heartbeats_table(scope, around.monitors, _alerts_of),
        routing_cells_table(scope, {one.public_id for one in around.services}),
        *paging_tables(scope, KIND, incident.number, around.policies),
        contacts_table(scope, around.people, around.policies),
        *contact_test_tables(scope, around.people),
    ]


def period_tables(scope: Scope) -> list[Table]:
    """Incidents that were recorded in a period, with their timelines and alerts, and the routes at its end."""
    held = Incident.objects.filter(recorded_at__gte=scope.start, recorded_at__lt=scope.end)
    told = _told_of(scope, list(held.select_related("service").order_by("recorded_at", "pk")))
    return [*told, routing_cells_table(scope), heartbeats_table(scope, heartbeats_of(scope), _alerts_of)]


def _alerts_of(signals: Sequence[str]) -> dict[str, str]:
    """The alerts that signals opened, by the signals' public ids; of one that only repeated an alert there is none."""
    found: dict[str, str] = {}
    for part in pieces(signals, CHUNK):
        found.update(Alert.objects.filter(opened_by_key__in=part).values_list("opened_by_key", "public_id"))
    return found


def _told_of(scope: Scope, incidents: Sequence[Incident]) -> list[Table]:
    return [_incidents(scope, incidents), _timeline(scope, incidents), _alerts(scope, incidents), _routes(scope)]


def subjects_of(incident: Incident, around: Surroundings) -> list[tuple[str, str]]:
    """(kind, id) of everything about which a ledger line belongs into the pack."""
    alerts = incident.alerts.values_list("public_id", flat=True)
    return [
        (KIND, incident.number),
        *(("alert", one) for one in alerts),
        *observed_ids(around.scope, around.monitors),
        *paging_ids(KIND, incident.number, around.policies, around.scope),
    ]


def _incidents(scope: Scope, incidents: Sequence[Incident]) -> Table:
    def rows() -> Iterator[Row]:
        who = public_ids(User, [key for i in incidents for key in (i.acknowledged_by_id, i.resolved_by_id)])
        return threaded((_incident_cells(one, who) for one in incidents), KIND, [one.number for one in incidents])

    words = "Each incident. ttd, tta and ttr count from impact_started_at, in whole seconds, truncated."
    return Table("05_incidents/incidents", INCIDENTS, rows, "incidents", words, scope.parameters)


def _incident_cells(i: Incident, who: dict[Any, str]) -> tuple[Any, ...]:
    return (
        i.number, i.title, i.severity, i.severity_initial, i.urgency, i.state, i.service.public_id if i.service else None,
        i.runbook_url, i.detected_by, i.opened_at, i.recorded_at, i.first_acknowledged_at, i.acknowledged_at,
        who.get(i.acknowledged_by_id), i.resolved_at, who.get(i.resolved_by_id), i.reopened_count, i.last_reopened_at,
        _seconds(i.opened_at, i.recorded_at), _seconds(i.opened_at, i.first_acknowledged_at),
        _seconds(i.opened_at, i.resolved_at), i.recorded_at,
    )  # fmt: skip


def _timeline(scope: Scope, incidents: Sequence[Incident]) -> Table:
    def rows() -> Iterator[Row]:
        for incident in incidents:
            for e in story_of(incident):
                seq = e.entry.seq
                yield (
                    e.public_id, incident.number, e.occurred_at, e.recorded_at, _seconds(e.occurred_at, e.recorded_at),
                    e.actor_kind, e.actor_id, e.person.public_id if e.person else None, e.kind, e.how, e.data,
                    e.text, e.text_sha256, seq, seq,  # type: ignore[attr-defined]
                )  # fmt: skip

    words = "The timeline of each incident in order of what happened. A redacted text stays redacted; its hash stays."
    return Table("05_incidents/incident_timeline", TIMELINE, rows, "incident_timeline", words, scope.parameters)


def _alerts(scope: Scope, incidents: Sequence[Incident]) -> Table:
    def rows() -> Iterator[Row]:
        for part in pieces(incidents, PIECE):
            found = Alert.objects.filter(incident__in=[one.pk for one in part]).select_related(
                "incident", "monitor", "service"
            )
            held = list(found.order_by("incident__recorded_at", "incident_id", "opened_at", "pk"))
            yield from threaded((_alert_cells(one) for one in held), "alert", [one.public_id for one in held])

    words = "Alerts of each incident, oldest first; repeats of one are counted."
    return Table("06_alerts/alerts", ALERTS, rows, "alerts", words, scope.parameters)


def _alert_cells(a: Alert) -> tuple[Any, ...]:
    return (
        a.public_id, a.incident.number if a.incident else None, a.source, a.condition,
        a.monitor.public_id if a.monitor else None, a.service.public_id if a.service else None, a.rule_version, a.severity,
        a.urgency, a.title, a.reason, a.opened_at, a.recorded_at, a.last_seen_at, a.count, a.closed_at,
        a.closed_recorded_at, a.closed_reason, a.suppressed_by,
    )  # fmt: skip


def _routes(scope: Scope) -> Table:
    def rows() -> Iterator[Row]:
        held = _routes_as_of(scope)
        services = public_ids(Service, [row.service_id for row in held])
        policies = public_ids(Policy, [row.policy_id for row in held])
        cells = [
            (
                scope.as_of, r.public_id, r.version, services.get(r.service_id), r.severity, policies.get(r.policy_id),
                r.runbook_url, r.history_date, r.actor_id or r.actor_kind,
            )
            for r in held
        ]  # fmt: skip
        return with_threads(Route, held, cells)

    words = as_of_words("Every route in force, an empty cell meaning any,")
    return Table("02_config/routing_as_of", ROUTES, rows, "routing_as_of", words, scope.at)


def _routes_as_of(scope: Scope) -> list[Any]:
    return [row for row in as_of(Route, scope.as_of) if row.retired_at is None]


def _seconds(start: datetime, end: datetime | None) -> int | None:
    return None if end is None else int((end - start).total_seconds())
