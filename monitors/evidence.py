"""The monitors' part of a pack: what was configured then, what was measured, and what the engine made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db.models import Q, QuerySet

from accounts.evidence import as_of_words, known_as_of, public_ids, with_threads
from accounts.models import Team, User
from ledger.crypto import fingerprint
from ledger.evidence import threaded
from ledger.tables import Row, Scope, Table
from ledger.tracked import as_of
from monitors.composing import ms_of
from monitors.evidence_availability import availability_tables
from monitors.evidence_continuity import continuity_tables
from monitors.evidence_locations import location_tables
from monitors.evidence_seen import seen_ids, seen_tables
from monitors.evidence_upkeep import retention_tables, upkeep_tables
from monitors.kinds import KINDS
from monitors.maintenance_rules import NEVER
from monitors.models import Location, MaintenanceSpan, Monitor, Result, Rule, Service, Signal, StateInterval
from monitors.overlays import spans_between
from monitors.queries import days_back

CHECKS = (
    "as_of", "monitor_id", "version", "name", "service_id", "role", "kind", "target_redacted", "settings",
    "interval_s", "timeout_s", "tags", "enabled", "paused_at", "created_at", "retired_at", "last_modified_at", "last_modified_by",
)  # fmt: skip
RULES = (
    "as_of", "rule_id", "version", "monitor_id", "condition", "severity", "urgency", "confirmation_s", "recovery_s",
    "comparator", "threshold", "unit", "for_s", "warn", "recovery", "m", "n", "missing_data",
    "enabled", "muted_since", "retired_at", "last_modified_at", "last_modified_by",
)  # fmt: skip
TERMS = ("operator", "value", "unit", "for_s", "warn", "recovery", "m", "n", "missing")
SERVICES = (
    "as_of", "service_id", "version", "name", "team_id", "owner_user_id", "composition", "quorum", "retired_at",
)  # fmt: skip
INTERVALS = (
    "interval_id", "monitor_id", "monitor_version", "service_id", "rule_version", "state", "overlay", "start_at", "end_at",
    "duration_ms", "covered_until", "onset_earliest_at", "onset_uncertainty_ms", "evidence_first_check",
    "evidence_last_check", "cause_code", "recorded_at", "closed_recorded_at",
)  # fmt: skip
SIGNALS = (
    "signal_id", "monitor_id", "rule_id", "rule_version", "condition", "opens", "effective_at", "recorded_at",
    "severity", "urgency", "interval_id",
)  # fmt: skip
RESULTS = (
    "monitor_id", "monitor_version", "location_id", "planned_at", "recorded_at", "retry", "outcome", "code", "status",
    "start_lag_us", "total_us", "dns_us", "connect_us", "tls_us", "wait_us", "transfer_us", "body_bytes",
)  # fmt: skip


def monitor_tables(scope: Scope, monitors: Sequence[Monitor], services: Sequence[Service]) -> list[Table]:
    """Configuration as it was, and observations of the scope's window, of these monitors and services."""
    return [
        _services(scope, services),
        _checks(scope, monitors),
        _rules(scope, monitors),
        *location_tables(scope, monitors),
        _intervals(scope, monitors),
        _signals(scope, monitors),
        _results(scope, monitors),
        *seen_tables(scope, monitors),
        *upkeep_tables(scope, services, monitors),
    ]


def period_tables(scope: Scope) -> list[Table]:
    """The same of every monitor and service that was in force in a period, without single checks."""
    monitors = list(Monitor.objects.filter(_in_force(scope)).order_by("pk"))
    services = list(Service.objects.filter(_in_force(scope)).order_by("pk"))
    tables = [table for table in monitor_tables(scope, monitors, services) if table.query != "results"]
    more = [*availability_tables(scope, monitors, services), *continuity_tables(scope, monitors, services)]
    return [*tables, *more, *retention_tables(scope)]


def _in_force(scope: Scope) -> Q:
    return Q(created_at__lt=scope.end) & (Q(retired_at__isnull=True) | Q(retired_at__gt=scope.start))


def observed_ids(scope: Scope, monitors: Sequence[Monitor]) -> list[tuple[str, str]]:
    """(kind, public id) of the intervals and signals of the window: what ledger lines may speak of."""
    intervals = _intervals_of(scope, monitors).values_list("public_id", flat=True)
    signals = _signals_of(scope, monitors).values_list("public_id", flat=True)
    return [
        *(("stateinterval", one) for one in intervals),
        *(("signal", one) for one in signals),
        *seen_ids(scope, monitors),
    ]


def redacted(url: str) -> str:
    """An address without user, password, query and fragment; a keyed fingerprint lets two packs be compared."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = f"redacted-{fingerprint(parts.query, 'evidence.query')}" if parts.query else ""
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _services(scope: Scope, services: Sequence[Service]) -> Table:
    def rows() -> Iterator[Row]:
        held = known_as_of(Service, scope, [one.public_id for one in services])
        teams = public_ids(Team, [row.team_id for row in held])
        owners = public_ids(User, [row.owner_id for row in held])
        cells = [
            (
                scope.as_of, s.public_id, s.version, s.name, teams.get(s.team_id), owners.get(s.owner_id), s.composition,
                s.quorum, s.retired_at,
            )
            for s in held
        ]  # fmt: skip
        return with_threads(Service, held, cells)

    words = as_of_words("Services, of an incident those of its monitors,")
    return Table("02_config/services_as_of", SERVICES, rows, "services_as_of", words, scope.at)


def _checks(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        held = known_as_of(Monitor, scope, [one.public_id for one in monitors])
        services = public_ids(Service, [row.service_id for row in held])
        made = {one.public_id: one.created_at for one in monitors}
        cells = [
            (
                scope.as_of, m.public_id, m.version, m.name, services.get(m.service_id), m.role, m.kind,
                redacted(KINDS[m.kind].restore(m.target).address), _settings(m), m.interval_s, m.timeout_s, m.tags,
                m.paused_at is None and m.retired_at is None, m.paused_at, made[m.public_id], m.retired_at, m.history_date, m.actor_id or m.actor_kind,
            )
            for m in held
        ]  # fmt: skip
        return with_threads(Monitor, held, cells)

    words = as_of_words("Monitors, of an incident those behind it,")
    return Table("02_config/checks_as_of", CHECKS, rows, "checks_as_of", words, scope.at)


def _settings(monitor: Any) -> dict[str, Any]:
    """What else the check asks for and accepts, by the names of its type; no secret is among it."""
    kind = KINDS[monitor.kind]
    return {name: value for name, value in kind.restore(monitor.target).as_json().items() if name != kind.address_field}


def _rules(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        of = {one.pk: one.public_id for one in monitors}
        held = [row for row in as_of(Rule, scope.as_of) if row.monitor_id in of]
        then = {row.id: row for row in known_as_of(Monitor, scope, list(of.values()))}
        cells = [
            (
                scope.as_of, r.public_id, r.version, of[r.monitor_id], r.condition, r.severity, r.urgency,
                r.confirmation_s, r.recovery_s, *[r.terms.get(name) for name in TERMS],
                *_judging(r, then.get(r.monitor_id)), r.retired_at, r.history_date, r.actor_id or r.actor_kind,
            )
            for r in held
        ]  # fmt: skip
        return with_threads(Rule, held, cells)

    words = as_of_words("Rules of those monitors")
    return Table("02_config/alert_rules_as_of", RULES, rows, "alert_rules_as_of", words, scope.at)


def _judging(rule: Any, monitor: Any | None) -> tuple[bool, datetime | None]:
    """Whether a rule judged anything at the instant, and since when its monitor was paused: a pause mutes all its rules."""
    if monitor is None or monitor.retired_at is not None or rule.retired_at is not None:
        return False, None
    return monitor.paused_at is None, monitor.paused_at


def _intervals(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        held = list(_intervals_of(scope, monitors).select_related("monitor__service"))
        spans = spans_between(scope.start, scope.end)
        cells = (
            (
                i.public_id, i.monitor.public_id, i.monitor_version, i.monitor.service.public_id, i.rule_version, i.state,
                _overlay(i, spans), i.started_at, i.ended_at, _ms(i.started_at, i.ended_at), i.covered_until,
                i.onset_earliest_at, _ms(i.onset_earliest_at, i.started_at), i.first_result_at, i.last_result_at, i.cause, i.recorded_at,
                i.closed_recorded_at,
            )
            for i in held
        )  # fmt: skip
        return threaded(cells, "stateinterval", [i.public_id for i in held])

    words = "State intervals of those monitors that overlap the window; half-open, an empty end_at still goes on."
    return Table("03_availability/state_intervals", INTERVALS, rows, "state_intervals", words, scope.window)


def _overlay(interval: StateInterval, spans: Sequence[MaintenanceSpan]) -> str:
    """`maintenance` where planned work over the monitor or its service touches it; it changes nothing of the state."""
    theirs = {interval.monitor.public_id, interval.monitor.service.public_id}
    touches = any(
        theirs & set(span.covered)
        and span.ending not in NEVER
        and span.planned_end > interval.started_at
        and (interval.ended_at is None or span.planned_start < interval.ended_at)
        for span in spans
    )
    return "maintenance" if touches else ""


def _ms(start: datetime | None, end: datetime | None) -> int | None:
    """Whole milliseconds between two instants, each truncated, as availability counts them; None without one of them."""
    return None if start is None or end is None else ms_of(end) - ms_of(start)


def _signals(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        held = list(_signals_of(scope, monitors).select_related("monitor", "rule", "interval"))
        cells = (
            (
                s.public_id, s.monitor.public_id, s.rule.public_id, s.rule_version, s.condition, s.opens, s.effective_at,
                s.recorded_at, s.severity, s.urgency, s.interval.public_id if s.interval else None,
            )
            for s in held
        )  # fmt: skip
        return threaded(cells, "signal", [s.public_id for s in held])

    words = "Confirmed changes of those monitors that took effect in the window."
    return Table("06_alerts/signals", SIGNALS, rows, "signals", words, scope.window)


def _results(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        places = dict(Location.objects.values_list("pk", "public_id"))
        for monitor in monitors:
            for day in reversed(list(days_back(scope.start, scope.end))):
                found = Result.objects.filter(day=day, monitor_id=monitor.pk, planned_at__gte=scope.start)
                for r in found.filter(planned_at__lt=scope.end).order_by("planned_at", "id").iterator(chunk_size=2_000):
                    yield (
                        monitor.public_id, r.monitor_version, places.get(r.location_id), r.planned_at, r.recorded_at,
                        r.retry, r.outcome, r.code, r.status, r.lag_us, r.total_us, r.dns_us, r.connect_us, r.tls_us,
                        r.wait_us, r.transfer_us, r.body_bytes, None, None,
                    )  # fmt: skip

    words = "Single checks of those monitors in the window, as far as they are still kept one by one (48 hours)."
    return Table("03_availability/results", RESULTS, rows, "results", words, scope.window)


def _intervals_of(scope: Scope, monitors: Sequence[Monitor]) -> QuerySet[StateInterval]:
    rows = StateInterval.objects.filter(monitor__in=[one.pk for one in monitors], started_at__lt=scope.end)
    return rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=scope.start)).order_by("monitor_id", "started_at")


def _signals_of(scope: Scope, monitors: Sequence[Monitor]) -> QuerySet[Signal]:
    rows = Signal.objects.filter(monitor__in=[one.pk for one in monitors])
    return rows.filter(effective_at__gte=scope.start, effective_at__lt=scope.end).order_by("id")
