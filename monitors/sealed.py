"""Closed months as they were sealed: what is over is read, never computed again. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from monitors.availability import Figures, Verdict, Window
from monitors.latency import Answered
from monitors.models import MonthlyAvailability
from monitors.promises import Kept, Member

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


def kept_in(row: MonthlyAvailability) -> Kept | None:
    """What a row says of how fast was answered; None if nothing was promised, or nobody judged it then."""
    if row.latency_ms is None or row.latency_ppm is None or not row.latency_verdict:
        return None
    members = [
        Member(one["monitor"], Answered(one["fast"], one["slow"], one["unseen"]), Verdict(one["verdict"]))
        for one in row.answers
    ]
    return Kept(row.latency_ms, row.latency_ppm, Verdict(row.latency_verdict), tuple(members))


def kept_columns(kept: Kept | None) -> dict[str, Any]:
    """The columns of a row that `kept_in` reads."""
    if kept is None:
        return {}
    answers = [
        {
            "monitor": one.monitor,
            "fast": one.answered.fast,
            "slow": one.answered.slow,
            "unseen": one.answered.unseen,
            "verdict": one.verdict.value,
        }
        for one in kept.members
    ]
    told = {"latency_ms": kept.limit_ms, "latency_ppm": kept.share_ppm, "latency_verdict": kept.verdict.value}
    return {**told, "answers": answers}
