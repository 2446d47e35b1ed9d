"""Closed months as they were sealed: what is over is read, never computed again. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from monitors.availability import Figures, Window
from monitors.models import MonthlyAvailability

Key = tuple[int, str, str]  # service by primary key, agreement by public id or "", month


def months_in_force(service_ids: Iterable[int]) -> dict[Key, MonthlyAvailability]:
    """The newest revision of every sealed window of these services: one query."""
    rows = MonthlyAvailability.objects.filter(service__in=list(service_ids), superseded_by__isnull=True)
    rows = rows.select_related("supersedes", "approved_by")
    return {(row.service_id, row.sla, row.month): row for row in rows}


def newest_months() -> QuerySet[MonthlyAvailability]:
    """The newest revisions, the latest month first."""
    rows = MonthlyAvailability.objects.filter(superseded_by__isnull=True).select_related("service", "approved_by")
    return rows.order_by("-start_at", "service__name", "sla", "pk")


def figures_in(row: MonthlyAvailability) -> Figures:
    """The figures that a row keeps, as the availability function had returned them."""
    return Figures(
        window=Window(row.start_at, row.end_at),
        life_from=row.life_from,
        life_to=row.life_to,
        partial=row.partial,
        in_progress=False,
        degraded_is_down=row.degraded_is_down,
        total_ms=row.total_ms,
        up_ms=row.up_ms,
        degraded_ms=row.degraded_ms,
        down_ms=row.down_ms,
        unknown_ms=row.unknown_ms,
        paused_ms=row.paused_ms,
        excluded_ms=row.excluded_ms,
        down_excluded_ms=row.down_excluded_ms,
        maintenance_ms=row.maintenance_ms,
        adjusted_ms=row.adjusted_ms,
        outages=row.outages,
        longest_outage_ms=row.longest_outage_ms,
        policy=row.policy,
    )
