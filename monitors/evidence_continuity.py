"""Was the monitoring itself running: its part of a period's pack, day by day and gap by gap (docs/gaps.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Min, Q

from ledger.evidence import threaded
from ledger.models import Seal
from ledger.tables import Row, Scope, Table
from monitors.gaps import GapCause, covered_s
from monitors.gaps import Scope as GapScope
from monitors.models import ContinuityDay, Monitor, MonitoringGap, ProbeSlot, Service, StateInterval
from monitors.states import State
from monitors.watching import Told, gaps_between, told

DAYS = (
    "date", "monitors_active", "checks_expected", "checks_executed", "executed_ratio", "late_checks", "max_gap_s",
    "scheduler_up_s", "notifier_up_s", "db_up_s", "seal_id", "seal_ok",
)  # fmt: skip
GAPS = (
    "gap_id", "start_at", "end_at", "duration_s", "scope", "monitor_id", "location_id", "cause", "detected_at", "detected_by",
    "incident_id", "affected_services", "effect_on_low_bound_s", "explanations",
)  # fmt: skip
UNWATCHED = (State.UNKNOWN.value, State.PAUSED.value)
Stretch = tuple[datetime, datetime]


def continuity_tables(scope: Scope, monitors: Sequence[Monitor], services: Sequence[Service]) -> list[Table]:
    """Both tables of a period."""
    return [_days(scope), _gaps(scope, monitors, services)]


def _days(scope: Scope) -> Table:
    def rows() -> Iterator[Row]:
        found = ContinuityDay.objects.filter(day__gte=scope.start.date(), day__lte=scope.end.date()).order_by("day")
        seals = {seal.day: seal for seal in Seal.objects.filter(day__in=[one.day for one in found])}
        for one in found:
            seal = seals.get(one.day)
            seq = seal.first_seq if seal else None
            yield (
                str(one.day), one.monitors, one.checks_expected, one.checks_executed, ratio(one), one.checks_late,
                one.longest_gap_s, one.engine_up_s, one.sender_up_s, one.database_up_s, seal.public_id if seal else None,
                None if seal is None else says_the_same(seal, one), seq, seal.last_seq if seal else None,
            )  # fmt: skip

    words = (
        "Each day, in UTC, of which something was counted when it was sealed; days that are not over are absent. The thread is "
        "the day's lines; seal_ok: the seal signs the same figures."
    )
    return Table("04_continuity/continuity_daily", DAYS, rows, "continuity_daily", words, scope.window)


def ratio(day: ContinuityDay) -> str | None:
    """Executed of expected, cut to four places and never rounded up; None where it means nothing."""
    if not day.checks_expected or day.checks_executed is None:
        return None
    whole, rest = divmod(day.checks_executed * 10_000 // day.checks_expected, 10_000)
    return f"{whole}.{rest:04d}"


def says_the_same(seal: Seal, day: ContinuityDay) -> bool:
    """Whether the signed text of a day has the figures of its row."""
    said = dict(line.split(" ", 1) for line in seal.text.splitlines() if " " in line)
    executed = "unknown" if day.checks_executed is None else str(day.checks_executed)
    return (said.get("checks_expected"), said.get("checks_executed")) == (str(day.checks_expected), executed)


def _gaps(scope: Scope, monitors: Sequence[Monitor], services: Sequence[Service]) -> Table:
    def rows() -> Iterator[Row]:
        held = _Unwatched(scope, monitors)
        recorded = list(gaps_between(scope.start, scope.end))
        cells = [_gap_cells(scope, one, held) for one in told(recorded)]
        yield from threaded(cells, "monitoringgap", [gap.public_id for gap in recorded])
        alone = held.outside(recorded)
        cells = [_interval_cells(row, held.seconds(row), seconds) for row, seconds in alone]
        yield from threaded(cells, "stateinterval", [row.public_id for row, _ in alone])
        before = _unmonitored(scope, services)
        cells = [_service_cells(service, start, end) for service, start, end in before]
        yield from threaded(cells, "service", [service.public_id for service, _, _ in before])

    words = (
        "Gaps in monitoring that were recorded; every other stretch in which a monitor was unknown or paused, by the id of its "
        "interval; and services in the time before anything watched them, by their own id. effect_on_low_bound_s: seconds "
        "of monitors inside the gap and the period that were unknown or paused, each of which the low bound counts as down."
    )
    return Table("04_continuity/monitoring_gaps", GAPS, rows, "monitoring_gaps", words, scope.window)


class _Unwatched:
    """Every stretch of the period in which a monitor was unknown or paused."""

    def __init__(self, scope: Scope, monitors: Sequence[Monitor]) -> None:
        self.scope = scope
        rows = StateInterval.objects.filter(monitor__in=[one.pk for one in monitors], state__in=UNWATCHED)
        rows = rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=scope.start), started_at__lt=scope.end)
        self.rows = list(rows.select_related("monitor__service").order_by("started_at", "pk"))
        self.places: dict[int, set[int]] = {}
        for monitor_id, place in ProbeSlot.objects.values_list("monitor_id", "location_id"):
            self.places.setdefault(monitor_id, set()).add(place)

    def within(self, gap: MonitoringGap) -> list[StateInterval]:
        """Those that share an instant with a gap that concerns them."""
        end = gap.ended_at or self.scope.end
        return [
            row
            for row in self.rows
            if row.started_at < end
            and (row.ended_at or self.scope.end) > gap.started_at
            and (gap.location_id is None or gap.location_id in self.places.get(row.monitor_id, set()))
        ]

    def outside(self, gaps: Sequence[MonitoringGap]) -> list[tuple[StateInterval, int]]:
        """Those that no gap covers whole, with the seconds that none covers."""
        by_row: dict[int, list[Stretch]] = {}
        for gap in gaps:
            for row in self.within(gap):
                by_row.setdefault(row.pk, []).append((gap.started_at, gap.ended_at or self.scope.end))
        left = ((row, self.seconds(row) - covered_s(by_row.get(row.pk, []), *self.cut(row))) for row in self.rows)
        return [(row, seconds) for row, seconds in left if seconds > 0]

    def cut(self, row: StateInterval) -> Stretch:
        """The part of a stretch that lies in the period."""
        return max(row.started_at, self.scope.start), min(row.ended_at or self.scope.end, self.scope.end)

    def seconds(self, row: StateInterval) -> int:
        """Its length, in whole seconds, truncated."""
        start, end = self.cut(row)
        return int((end - start).total_seconds())


def _gap_cells(scope: Scope, one: Told, held: _Unwatched) -> tuple[Any, ...]:
    gap, notes = one.gap, one.notes
    rows = held.within(gap)
    end = gap.ended_at or scope.end
    effect = sum(covered_s([(gap.started_at, end)], *held.cut(row)) for row in rows)
    return (
        gap.public_id, gap.started_at, gap.ended_at, int((end - gap.started_at).total_seconds()), gap.scope, None,
        gap.location.public_id if gap.location else None, gap.cause, gap.detected_at, gap.detected_by,
        next((note.incident for note in reversed(notes) if note.incident), None),
        sorted({row.monitor.service.public_id for row in rows}), effect, [note.text for note in notes],  # type: ignore[attr-defined]
    )  # fmt: skip


def _interval_cells(row: StateInterval, lasted_s: int, alone_s: int) -> tuple[Any, ...]:
    paused = row.state == State.PAUSED.value
    cause = GapCause.PAUSED.value if paused else GapCause.UNKNOWN.value
    return (
        row.public_id, row.started_at, row.ended_at, lasted_s, GapScope.MONITOR.value, row.monitor.public_id, None,
        cause, row.recorded_at, "self", None, [row.monitor.service.public_id], alone_s,
        [] if paused or not row.detail else [row.detail],
    )  # fmt: skip


def _service_cells(service: Service, start: datetime, end: datetime) -> tuple[Any, ...]:
    seconds = int((end - start).total_seconds())
    return (
        service.public_id, start, end, seconds, GapScope.MONITOR.value, None, None, GapCause.NO_MONITOR.value,
        service.created_at, "self", None, [service.public_id], seconds, [],
    )  # fmt: skip


def _unmonitored(scope: Scope, services: Sequence[Service]) -> list[tuple[Service, datetime, datetime]]:
    """Services in the time of the period before the first monitor was theirs."""
    first = dict(
        Monitor.objects.filter(service__in=[one.pk for one in services])
        .values("service_id")
        .annotate(first=Min("created_at"))
        .values_list("service_id", "first")
    )
    spans = (
        (service, max(service.created_at, scope.start), min(first.get(service.pk) or scope.end, scope.end))
        for service in services
        if service.created_at is not None
    )
    return [(service, start, end) for service, start, end in spans if start < end]
