"""Planned work, corrections and deletions in a pack: what was known before, who agreed, and what it excluded or changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import LegalHold
from ledger.evidence import threaded, threads
from ledger.models import PurgeRecord
from ledger.tables import Row, Scope, Table
from ledger.texts import read_many
from monitors.agreements import windows_of
from monitors.availability import Window, ratio_text
from monitors.maintenance_rules import Contract, Ruling, muting
from monitors.models import SLA, Adjustment, MaintenanceSpan, Monitor, MonthlyAvailability, Service
from monitors.models.agreements import QUARTER
from monitors.overlays import Lying, ruled
from monitors.periods import period_name
from monitors.queries import spans
from monitors.sealed import figures_in
from monitors.services.months import terms_at

MAINTENANCE = (
    "maintenance_id", "window_id", "part", "covered_ids", "service_id", "sla_id", "sla_version", "period", "planned_start", "planned_end",
    "actual_start", "actual_end", "ending", "recorded_at", "retroactive", "requested_by", "approved_by", "approved_at", "approved_alone",
    "announced_at", "notice_s", "counts_as_exclusion", "excluded_s", "why", "down_during_s",
)  # fmt: skip
ADJUSTMENTS = (
    "adjustment_id", "monitor_id", "interval_ids", "start_at", "end_at", "from_state", "to_state", "seconds", "reason", "evidence_ref",
    "requested_by", "requested_at", "standing", "decided_by", "decided_at", "approved_alone", "effect_on_months",
)  # fmt: skip
MONTHS = (
    "month_id", "period", "period_tz", "service_id", "sla_id", "sla_version", "revision", "supersedes", "life_from", "life_to", "partial",
    "total_ms", "up_ms", "degraded_ms", "down_ms", "unknown_ms", "paused_ms", "excluded_ms", "down_excluded_ms", "maintenance_ms",
    "adjusted_ms", "uptime_measured_ratio", "uptime_low_ratio", "uptime_high_ratio", "uptime_strict_ratio", "coverage_ratio",
    "target_ppm", "verdict", "calc_version", "frozen_at", "adjustment_id", "reason", "approved_by",
)  # fmt: skip
PURGES = (
    "purge_id",
    "table",
    "rule",
    "deleted_before",
    "rows",
    "oldest",
    "newest",
    "sha256",
    "legal_hold_checked",
    "recorded_at",
)
HOLDS = ("hold_id", "name", "placed_by", "placed_at", "released_by", "released_at", "released_alone")
MOST_MONTHS = 120
NOTHING_PROMISED = Ruling(
    False, "No agreement covers the service in this period, so there is nothing to exclude it from."
)


def upkeep_tables(scope: Scope, services: Sequence[Service], monitors: Sequence[Monitor]) -> list[Table]:
    """Maintenance, adjustments and sealed months that touch the scope's window."""
    return [_maintenance(scope, services, monitors), _adjustments(scope, monitors), _months(scope, services)]


def retention_tables(scope: Scope) -> list[Table]:
    """What was deleted in a period, and the holds there were in it."""
    return [_purges(scope), _holds(scope)]


def _maintenance(scope: Scope, services: Sequence[Service], monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        ids = {one.public_id for one in services} | {one.public_id for one in monitors}
        lying = Lying(scope.start, scope.end)
        found = [span for span in lying.spans if ids & set(span.covered)]
        told = [(span, cells) for span in found for cells in _exclusions(span, services, scope)]
        cells = [(*_planned(span), *more, *_down(span, scope)) for span, more in told]
        return threaded([_ordered(one) for one in cells], "maintenancespan", [span.public_id for span, _ in told])

    words = (
        "Times of maintenance windows that were planned to touch the window, cancelled ones too: a row for each agreement about a covered "
        "service and each of its periods, or one without. excluded_s: what rule U-7 takes out of that period."
    )
    return Table("03_availability/maintenance", MAINTENANCE, rows, "maintenance", words, scope.window)


def _planned(span: MaintenanceSpan) -> tuple[Any, ...]:
    notice = None
    if span.announced_at is not None:
        notice = int((span.planned_start - span.announced_at).total_seconds())
    return (
        span.public_id, span.window.public_id, span.part, span.covered, span.planned_start, span.planned_end, span.started_at,
        span.ended_at, span.ending, span.recorded_at, span.retroactive, _id(span.requested_by), _id(span.approved_by),
        span.approved_at, span.approved_alone, span.announced_at, notice,
    )  # fmt: skip


def _ordered(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    """Planned facts, then the agreement's, then the rest, in the order of the columns."""
    planned, agreed, down = cells[:17], cells[17:24], cells[24:]
    return (*planned[:4], *agreed[:4], *planned[4:], *agreed[4:], *down)


def _exclusions(span: MaintenanceSpan, services: Sequence[Service], scope: Scope) -> Iterator[tuple[Any, ...]]:
    """(service, agreement, its version, period, counts, seconds, why) for each agreement about a covered service."""
    told = False
    covered = [one for one in services if one.public_id in span.covered]
    for sla in SLA.objects.filter(service__in=[one.pk for one in covered], retired_at__isnull=True).order_by("pk"):
        for window in windows_of(sla, now=scope.end, count=MOST_MONTHS):
            if span.planned_start < window.end and span.planned_end > window.start:
                terms = terms_at(sla, min(window.end, scope.end))
                ruling = _ruling_of(span, sla.service, terms.contract or Contract(), window)
                name = period_name(window, sla.zone, quarter=sla.window == QUARTER)
                told = True
                yield (
                    sla.service.public_id, sla.public_id, terms.version, name, ruling.counts, int(ruling.seconds), ruling.why,
                )  # fmt: skip
    if not told:
        first = covered[0].public_id if covered else None
        yield (first, None, None, None, NOTHING_PROMISED.counts, 0, NOTHING_PROMISED.why)


def _ruling_of(span: MaintenanceSpan, service: Service, contract: Contract, window: Window) -> Ruling:
    """As the sealed month has it: among all windows of the service, the allowance spent by the earliest first."""
    others = Lying(window.start, window.end).of(service)
    return next(ruling for one, ruling in ruled(others, contract, window) if one.pk == span.pk)


def _down(span: MaintenanceSpan, scope: Scope) -> tuple[int]:
    """Seconds in which anything it covers was down while it was in force, each instant once."""
    held = muting(span.rules)
    if held is None:
        return (0,)
    found = Monitor.objects.filter(Q(public_id__in=span.covered) | Q(service__public_id__in=span.covered))
    lives = spans(list(found.values_list("pk", flat=True)), held[0], held[1], now=scope.end)
    down = sorted((one.start, one.end) for told in lives.values() for one in told if one.state == "down")
    seconds, until = 0.0, held[0]
    for start, end in down:
        seconds += max(0.0, (end - max(start, until)).total_seconds())
        until = max(until, end)
    return (int(seconds),)


def _adjustments(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    def rows() -> Iterator[Row]:
        found = Adjustment.objects.filter(monitor__in=[one.pk for one in monitors]).filter(
            Q(start_at__lt=scope.end, end_at__gt=scope.start)
            | Q(requested_at__gte=scope.start, requested_at__lt=scope.end)
        )
        held = list(found.select_related("monitor", "requested_by", "decided_by").order_by("pk"))
        texts = read_many({sha for one in held for sha in (one.reason_sha256, one.evidence_sha256)})
        cells = (
            (
                a.public_id, a.monitor.public_id, a.intervals, a.start_at, a.end_at, a.from_state, a.to_state, a.seconds,
                texts.get(a.reason_sha256), texts.get(a.evidence_sha256), _id(a.requested_by), a.requested_at, a.standing,
                _id(a.decided_by), a.decided_at, a.approved_alone, a.effect,
            )
            for a in held
        )  # fmt: skip
        return threaded(cells, "adjustment", [a.public_id for a in held])

    words = "Corrections that speak of the window or were asked for in it, refused ones too. The intervals stay as measured."
    return Table("03_availability/adjustments", ADJUSTMENTS, rows, "adjustments", words, scope.window)


def _months(scope: Scope, services: Sequence[Service]) -> Table:
    def rows() -> Iterator[Row]:
        found = MonthlyAvailability.objects.filter(
            service__in=[one.pk for one in services],
            start_at__lt=scope.end,
            end_at__gt=scope.start,
            recorded_at__lt=scope.end,
        )
        held = list(
            found.select_related("service", "supersedes", "approved_by").order_by(
                "start_at", "service_id", "sla", "revision"
            )
        )
        texts = read_many({m.reason_sha256 for m in held if m.reason_sha256})
        told = [(m, figures_in(m)) for m in held]
        cells = (
            (
                m.public_id, m.month, m.zone, m.service.public_id, m.sla or None, m.sla_version or None, m.revision,
                m.supersedes.public_id if m.supersedes else None, m.life_from, m.life_to, m.partial, m.total_ms, m.up_ms,
                m.degraded_ms, m.down_ms, m.unknown_ms, m.paused_ms, m.excluded_ms, m.down_excluded_ms, m.maintenance_ms,
                m.adjusted_ms, ratio_text(f.measured), ratio_text(f.low), ratio_text(f.high), ratio_text(f.strict),
                ratio_text(f.coverage), m.target_ppm, m.verdict or None, m.policy, m.recorded_at, m.adjustment or None,
                texts.get(m.reason_sha256), _id(m.approved_by),
            )
            for m, f in told
        )  # fmt: skip
        return threaded(cells, "monthlyavailability", [m.public_id for m in held])

    words = "Closed months of services, and windows of agreements, as they were sealed: every revision, the reason and who approved it."
    return Table("03_availability/sealed_months", MONTHS, rows, "sealed_months", words, scope.window)


def _purges(scope: Scope) -> Table:
    def rows() -> Iterator[Row]:
        held = list(PurgeRecord.objects.filter(recorded_at__gte=scope.start, recorded_at__lt=scope.end).order_by("pk"))
        cells = (
            (
                p.public_id,
                p.table_name,
                p.rule,
                p.bound_at,
                p.rows,
                p.first_at,
                p.last_at,
                p.digest,
                True,
                p.recorded_at,
            )
            for p in held
        )
        return threaded(cells, "purgerecord", [p.public_id for p in held])

    words = "Every deletion in the window. Each was made only while no legal hold was in force."
    return Table("17_integrity/retention_log", PURGES, rows, "retention_log", words, scope.window)


def _holds(scope: Scope) -> Table:
    def rows() -> Iterator[Row]:
        found = LegalHold.objects.filter(
            Q(retired_at__isnull=True) | Q(retired_at__gt=scope.start), created_at__lt=scope.end
        )
        held = list(found.select_related("placed_by", "released_by").order_by("pk"))
        known = threads("legalhold", [h.public_id for h in held])
        for h in held:
            ended: datetime | None = h.retired_at
            yield (
                h.public_id, h.name, _id(h.placed_by), h.created_at, _id(h.released_by), ended, h.released_alone,
                *known.get(h.public_id, (None, None)),
            )  # fmt: skip

    words = "Legal holds in force at any time of the window."
    return Table("17_integrity/legal_holds", HOLDS, rows, "legal_holds", words, scope.window)


def _id(person: Any) -> str | None:
    return person.public_id if person else None
