"""What a pack tells of dependencies inside applications: the states that health checks were told, each from when to when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import QuerySet

from ledger.evidence import threaded
from ledger.tables import Row, Scope, Table
from monitors.models import HealthChange, HealthReport, Monitor

STATES = (
    "change_id", "dependency_id", "monitor_id", "monitor_version", "location_id", "name", "state", "said", "start_at",
    "end_at", "covered_until", "before_state", "before_until", "changes_left_out_before", "recorded_at",
)  # fmt: skip
WORDS = (
    "What health documents said of each dependency of those monitors, each state that overlaps the window: from the "
    "check that was told so first to the one that was told otherwise. covered_until: the newest document that still "
    "said so; from there to end_at nothing is known. unknown: a document did not speak of it any more. "
    "changes_left_out_before: changes in between that were too many to be kept one by one."
)


def health_table(scope: Scope, monitors: Sequence[Monitor]) -> Table:
    """States of dependencies in the scope's window."""

    def rows() -> Iterator[Row]:
        spans = list(_spans(scope, monitors))
        cells = (_cells(change, end_at, covered_until) for change, end_at, covered_until in spans)
        return threaded(cells, "healthchange", [change.public_id for change, _, _ in spans])

    return Table("03_availability/health_dependencies", STATES, rows, "health_dependencies", WORDS, scope.window)


def health_ids(scope: Scope, monitors: Sequence[Monitor]) -> list[tuple[str, str]]:
    """(kind, public id) of the changes of the window: what ledger lines may speak of."""
    rows = _changes_of(monitors).filter(at__gte=scope.start, at__lt=scope.end)
    return [("healthchange", one) for one in rows.values_list("public_id", flat=True)]


def _spans(scope: Scope, monitors: Sequence[Monitor]) -> Iterator[tuple[HealthChange, datetime | None, datetime]]:
    """Each change with the instant of the next one and until when it was said."""
    told = dict.fromkeys(monitor.pk for monitor in monitors)
    reports = HealthReport.objects.filter(monitor__in=told).values_list("monitor_id", "location_id", "seen_at")
    seen = {(monitor_id, location_id): seen_at for monitor_id, location_id, seen_at in reports}
    held = _changes_of(monitors).select_related("dependency__monitor", "dependency__location")
    for change, after in pairwise([*held, None]):
        if change is None or change.at >= scope.end:
            continue
        last = after is None or after.dependency_id != change.dependency_id
        end_at = None if last or after is None else after.at
        if end_at is not None and end_at <= scope.start:
            continue
        newest = seen[change.dependency.monitor_id, change.dependency.location_id]
        yield change, end_at, newest if end_at is None or after is None else after.before_until or after.at


def _cells(change: HealthChange, end_at: datetime | None, covered_until: datetime) -> tuple[Any, ...]:
    of = change.dependency
    return (
        change.public_id, of.public_id, of.monitor.public_id, change.monitor_version, of.location.public_id, of.name,
        change.state, change.said, change.at, end_at, covered_until, change.before, change.before_until, change.left_out,
        change.recorded_at,
    )  # fmt: skip


def _changes_of(monitors: Sequence[Monitor]) -> QuerySet[HealthChange]:
    rows = HealthChange.objects.filter(dependency__monitor__in=[one.pk for one in monitors])
    return rows.order_by("dependency__name", "dependency_id", "at", "pk")
