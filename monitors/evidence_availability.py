"""Availability in a pack: what services came to, whether agreements were kept, response times, and the agreements.

The figures are those of the one availability function; docs/availability.md says how each is made. Durations are whole
milliseconds, so that the intervals of the same pack add up to them exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from accounts.evidence import as_of_words, public_ids, with_threads
from accounts.models import User
from ledger.evidence import NO_THREAD
from ledger.tables import Row, Scope, Table
from ledger.tracked import as_of
from monitors.agreements import Period, periods
from monitors.availability import MILLION, POLICY, ratio_text
from monitors.evidence_latency import Measured
from monitors.evidence_uptime import uptime_table
from monitors.models import SLA, Monitor, Service

KEPT = (
    "period", "period_tz", "service_id", "sla_id", "sla_version", "approved", "target_ratio", "basis", "actual_ratio", "low",
    "high", "coverage_ratio", "verdict", "down_ms", "shortfall_ms", "budget_ms", "budget_used_ratio", "exclusions_ms",
    "maintenance_ms", "down_excluded_ms", "strict_ratio", "calc_version", "latency_ms", "latency_target_ratio",
    "latency_verdict", "sealed_month_id",
)  # fmt: skip
ANSWERS = (
    "period", "period_tz", "service_id", "sla_id", "sla_version", "monitor_id", "limit_ms", "target_ratio", "checks_fast",
    "checks_slow", "checks_unseen", "share_ratio", "low", "high", "verdict", "composition_verdict", "sealed_month_id",
)  # fmt: skip
DEFINITIONS = (
    "as_of", "sla_id", "version", "service_id", "name", "target_ratio", "window", "period_tz", "composition", "quorum",
    "degraded_counts_as_down", "maintenance_allowance_s", "notice_required_s", "latency_ms", "latency_ratio",
    "dependencies", "source_document", "effective_from", "effective_until", "written_by", "approved_by", "approved_at",
    "retired_at",
)  # fmt: skip

Windows = Callable[[], list[tuple[SLA, Period]]]


def availability_tables(scope: Scope, monitors: Sequence[Monitor], services: Sequence[Service]) -> list[Table]:
    """Months of services and agreements that the window touches, response times, and agreements as they were."""

    @cache
    def windows() -> list[tuple[SLA, Period]]:
        return list(_windows(scope, services))  # two tables tell of them, and counting checks is done once

    return [
        uptime_table(scope, services),
        _kept(scope, windows),
        _answers(scope, windows),
        *Measured(scope, monitors).tables(),
        _definitions(scope, services),
    ]


def _kept(scope: Scope, windows: Windows) -> Table:
    def rows() -> Iterator[Row]:
        for sla, one in windows():
            f = one.figures
            yield (
                one.name, sla.timezone, sla.service.public_id, sla.public_id, one.version, one.approved,
                _share(one.target_ppm), "contract", ratio_text(f.measured), ratio_text(f.low), ratio_text(f.high),
                ratio_text(f.coverage), one.verdict.value, f.bad_ms, one.shortfall_ms, int(one.budget_ms),
                ratio_text(one.budget_used), f.excluded_ms, f.maintenance_ms, f.down_excluded_ms,
                ratio_text(f.strict), POLICY, *_promise(one), one.sealed, *NO_THREAD,
            )  # fmt: skip

    words = (
        "Each agreement in each of its months or quarters that the window touches, whole ones, by the terms in force at "
        "their end: exclusions that qualify taken out, bounds for what nobody watched, and the verdict. latency_verdict: "
        "whether so many of its checks were answered in time, as sla_answers_monthly counts them; empty where nothing was "
        "promised of that, or the month was sealed before it was judged."
    )
    return Table("03_availability/sla_monthly", KEPT, rows, "sla_monthly", words, scope.window, version=2)


def _answers(scope: Scope, windows: Windows) -> Table:
    def rows() -> Iterator[Row]:
        told = ((sla, one, one.answers) for sla, one in windows() if one.answers is not None)
        for sla, one, kept in told:
            for member in kept.members:
                held = member.answered
                yield (
                    one.name, sla.timezone, sla.service.public_id, sla.public_id, one.version, member.monitor, kept.limit_ms,
                    _share(kept.share_ppm), held.fast, held.slow, held.unseen, ratio_text(held.share), ratio_text(held.low),
                    ratio_text(held.high), member.verdict.value, kept.verdict.value, one.sealed, *NO_THREAD,
                )  # fmt: skip

    words = (
        "Checks of each primary monitor in those windows against what the agreement promised of answers: within limit_ms; "
        "not, failures and timeouts among them; and planned, but never run or not in time to count. low and high: if all of "
        "these had been slow, or fast. Qualifying planned work is left out. composition_verdict: that of the service, which "
        "its monitors make by counting, as they make its states."
    )
    return Table("03_availability/sla_answers_monthly", ANSWERS, rows, "sla_answers_monthly", words, scope.window)


def _windows(scope: Scope, services: Sequence[Service]) -> Iterator[tuple[SLA, Period]]:
    """The windows of agreements that the scope's window touches."""
    slas = list(SLA.objects.filter(service__in=services, created_at__lt=scope.end).select_related("service"))
    told = periods(slas, now=scope.end, count=_reach(scope), answers=True)
    for sla in slas:
        for one in told[sla.pk]:
            if one.window.end > scope.start and (sla.retired_at is None or one.window.start < sla.retired_at):
                yield sla, one


def _promise(one: Period) -> tuple[int | None, str | None, str | None]:
    if one.answers is None:
        return None, None, None
    return one.answers.limit_ms, _share(one.answers.share_ppm), one.answers.verdict.value


def _definitions(scope: Scope, services: Sequence[Service]) -> Table:
    def rows() -> Iterator[Row]:
        held = [row for row in as_of(SLA, scope.as_of) if row.service_id in {one.pk for one in services}]
        made = {row.id: row for row in as_of(Service, scope.as_of)}
        names = public_ids(User, [row.approved_by_id for row in held])
        return with_threads(SLA, held, [_definition(row, scope.as_of, made.get(row.service_id), names) for row in held])

    words = as_of_words("Agreements of those services, and how monitors made each of them,")
    return Table("03_availability/sla_definitions", DEFINITIONS, rows, "sla_definitions", words, scope.at)


def _definition(s: Any, at: datetime, service: Any, names: dict[Any, str]) -> tuple[Any, ...]:
    return (
        at, s.public_id, s.version, service.public_id if service else None, s.name, _share(s.target_ppm), s.window,
        s.timezone, service.composition if service else None, service.quorum if service else None,
        s.degraded_counts_as_down, s.maintenance_allowance_s, s.notice_required_s, s.latency_ms,
        None if s.latency_ppm is None else _share(s.latency_ppm), s.dependencies, s.source_document, str(s.effective_from),
        str(s.effective_until) if s.effective_until else None, s.written_by, names.get(s.approved_by_id), s.approved_at,
        s.retired_at,
    )  # fmt: skip


def _share(ppm: int) -> str:
    """Parts of a million as a fraction of 1: 999000 is 0.999000."""
    return f"{ppm // MILLION}.{ppm % MILLION:06d}"


def _reach(scope: Scope) -> int:
    """How many months back the window begins, with one to spare."""
    days = (scope.end - scope.start).days
    return days // 28 + 3
