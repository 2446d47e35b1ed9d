"""Closed months: sealed on the third day of the next one, and given a revision when two people corrected something.

Figures come from `monitors.uptime` and are never computed again: rules in docs/availability.md.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Organisation, User
from ledger.record import record
from monitors.agreements import agreements_in_force, windows_of
from monitors.availability import Figures, Window, ratio_text
from monitors.maintenance_rules import Contract
from monitors.models import SLA, Adjustment, MonthlyAvailability, Service
from monitors.models.agreements import QUARTER
from monitors.overlays import Lying
from monitors.periods import months_back, period_name
from monitors.promises import Kept, Promise, kept
from monitors.sealed import kept_columns, kept_in
from monitors.uptime import Asked, Overlays, figures_of

# the third day of the next month begins
CLOSES_AFTER = timedelta(days=2)
BACK = 25
BUDGET_S = 0.3
FIGURES = (
    "total_ms", "up_ms", "degraded_ms", "down_ms", "unknown_ms", "paused_ms", "excluded_ms", "down_excluded_ms",
    "maintenance_ms", "adjusted_ms", "outages", "longest_outage_ms", "degraded_is_down", "policy", "partial", "life_from",
    "life_to",
)  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """By what a window is judged: nothing for a service alone, else an agreement as its terms were at the window's end."""

    zone: str
    sla: str = ""
    version: int = 0
    target_ppm: int | None = None
    degraded_is_down: bool = False
    contract: Contract | None = None
    latency_ms: int | None = None
    latency_ppm: int | None = None


@dataclass(frozen=True)
class Due:
    """A closed window of a service that has no row."""

    service: Service
    window: Window
    name: str
    terms: Terms


def seal_months(now: datetime) -> int:
    """Seal every closed month that has no row, for at most BUDGET_S; return how many. A step of the engine."""
    done, ends = 0, time.monotonic() + BUDGET_S
    for due in _due(now):
        if time.monotonic() > ends:
            break
        done += _seal(due, now)
    return done


def effect_of(adjustment: Adjustment, *, now: datetime) -> list[dict[str, str]]:
    """What approving a correction changes: figures of each month it touches, before and after, per agreement too."""
    found = []
    for due in _touched(adjustment, now):
        before, after = (_figures(due, now, also=also) for also in ((), (adjustment,)))
        found.append(
            {
                "service": due.service.public_id,
                "sla": due.terms.sla,
                "month": due.name,
                "measured_before": ratio_text(before.measured),
                "measured_after": ratio_text(after.measured),
                "down_ms_before": str(before.down_ms),
                "down_ms_after": str(after.down_ms),
            }
        )
    return found


def seal_again(adjustment: Adjustment, *, by: User, now: datetime) -> int:
    """Give every sealed month that an approved correction touches its next revision; return how many.

    A correction is about states: what was sealed of how fast was answered stays as it is. In the caller's transaction, after the correction was approved.
    """
    rows = MonthlyAvailability.objects.filter(
        service=adjustment.monitor.service_id, superseded_by__isnull=True,
        start_at__lt=adjustment.end_at, end_at__gt=adjustment.start_at,
    ).select_related("service")  # fmt: skip
    held = list(rows.order_by("pk"))
    for row in held:
        due = Due(row.service, Window(row.start_at, row.end_at), row.month, _terms_of(row))
        why = {"adjustment": adjustment.public_id, "reason_sha256": adjustment.reason_sha256, "approved_by": by}
        _keep(due, _figures(due, now), kept_in(row), now, revision=row.revision + 1, supersedes=row, **why)
    return len(held)


def _due(now: datetime) -> Iterator[Due]:
    """Closed windows without a row, month by month for services, then for agreements."""
    house = Organisation.current()
    held = set(MonthlyAvailability.objects.filter(revision=1).values_list("service_id", "sla", "month"))
    services = list(Service.objects.order_by("pk"))
    for window in months_back(now, BACK, house.zone):
        name = period_name(window, house.zone)
        for service in services:
            if window.end + CLOSES_AFTER <= now and (service.pk, "", name) not in held and _lived(service, window):
                yield Due(service, window, name, Terms(house.timezone))
    for sla in agreements_in_force():
        for window in windows_of(sla, now=now):
            name = period_name(window, sla.zone, quarter=sla.window == QUARTER)
            if window.end + CLOSES_AFTER <= now and (sla.service_id, sla.public_id, name) not in held:
                yield Due(sla.service, window, name, terms_at(sla, window.end))


def _lived(service: Service, window: Window) -> bool:
    return (service.created_at is None or service.created_at < window.end) and (
        service.retired_at is None or service.retired_at > window.start
    )


def terms_at(sla: SLA, at: datetime) -> Terms:
    """The terms of an agreement in force at an instant; the first ones for what was before them."""
    versions = SLA.history.filter(id=sla.pk)
    row = versions.filter(history_date__lte=at).order_by("-version").first() or versions.order_by("version").first()
    return _told(row or sla, sla.public_id)


def _terms_of(row: MonthlyAvailability) -> Terms:
    """The terms a row was sealed by, which a revision keeps."""
    if not row.sla:
        return Terms(row.zone)
    return _told(SLA.history.get(public_id=row.sla, version=row.sla_version), row.sla)


def _told(row: Any, public_id: str) -> Terms:
    return Terms(
        zone=row.timezone,
        sla=public_id,
        version=row.version,
        target_ppm=row.target_ppm,
        degraded_is_down=row.degraded_counts_as_down,
        contract=Contract(row.notice_required_s, row.maintenance_allowance_s),
        latency_ms=row.latency_ms,
        latency_ppm=row.latency_ppm,
    )


def _touched(adjustment: Adjustment, now: datetime) -> list[Due]:
    """The windows of its service, and of agreements about it, that a correction lies in."""
    house, service = Organisation.current(), adjustment.monitor.service
    found = [
        Due(service, window, period_name(window, house.zone), Terms(house.timezone))
        for window in months_back(now, BACK, house.zone)
        if window.start < adjustment.end_at and window.end > adjustment.start_at
    ]
    for sla in agreements_in_force().filter(service=service):
        found += [
            Due(service, one, period_name(one, sla.zone, quarter=sla.window == QUARTER), terms_at(sla, one.end))
            for one in windows_of(sla, now=now)
            if one.start < adjustment.end_at and one.end > adjustment.start_at
        ]
    return found


def _figures(due: Due, now: datetime, *, also: Sequence[Adjustment] = ()) -> Figures:
    over = _over(due, also)
    asked = Asked(due.service, [due.window], over, degraded_is_down=due.terms.degraded_is_down)
    return figures_of([asked], now=now)[0][0]


def _over(due: Due, also: Sequence[Adjustment] = ()) -> Overlays:
    lying = Lying(due.window.start, due.window.end, also=also)
    return lying.over(due.service, [due.window], due.terms.contract)


def _answers(due: Due, now: datetime) -> Kept | None:
    """Whether it answered as fast as was promised; None where nothing was."""
    limit, share = due.terms.latency_ms, due.terms.latency_ppm
    if limit is None or share is None:
        return None
    return kept([Promise(due.service, due.window, limit, share, _over(due).excluded)], now=now)[0]


def _seal(due: Due, now: datetime) -> int:
    figures = _figures(due, now)
    if figures.life_from is None:
        return 0  # it was not in scope yet: there is no month to say anything about
    answers = _answers(due, now)
    try:
        with transaction.atomic():
            _keep(due, figures, answers, now)
    except IntegrityError:
        return 0  # another engine was faster: one row a month
    return 1


def _keep(due: Due, figures: Figures, answers: Kept | None, now: datetime, **more: Any) -> MonthlyAvailability:
    target = due.terms.target_ppm
    row = MonthlyAvailability.objects.create(
        service=due.service,
        sla=due.terms.sla,
        sla_version=due.terms.version,
        month=due.name,
        zone=due.terms.zone,
        start_at=due.window.start,
        end_at=due.window.end,
        target_ppm=target,
        verdict="" if target is None else figures.verdict(target).value,
        recorded_at=now,
        **{name: getattr(figures, name) for name in FIGURES},
        **kept_columns(answers),
        **more,
    )
    said = {
        "month": row.month, "sla": row.sla, "revision": row.revision, "total_ms": row.total_ms, "down_ms": row.down_ms,
        "unknown_ms": row.unknown_ms, "excluded_ms": row.excluded_ms, "adjusted_ms": row.adjusted_ms,
        "verdict": row.verdict, "policy": row.policy,
    }  # fmt: skip
    if row.latency_verdict:
        said |= {"latency_verdict": row.latency_verdict, "answers": row.answers}
    if row.revision > 1:
        said |= {"supersedes": row.supersedes.public_id if row.supersedes else "", "adjustment": row.adjustment}
    record(
        f"availability.{'month_sealed' if row.revision == 1 else 'month_revised'}", [row, due.service], said, now=now
    )
    return row
