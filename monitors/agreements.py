"""Reads about agreements: their windows with bounds, budget and verdict, and what is doubtful about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction
from typing import Any

from django.db.models import Max, QuerySet

from monitors.agreed import doubts, window_length
from monitors.availability import Figures, Verdict, Window, digits_for, percent
from monitors.composing import Kind
from monitors.maintenance_rules import Contract
from monitors.models import SLA, Monitor, MonthlyAvailability, Service
from monitors.models.agreements import QUARTER
from monitors.models.monitors import PRIMARY
from monitors.overlays import Lying
from monitors.periods import midnight, months_back, period_name, quarters_back
from monitors.promises import Kept, Promise, kept
from monitors.sealed import Key, figures_in, kept_in, months_in_force
from monitors.uptime import Asked, figures_of, of_monitors

MONTHS, QUARTERS = 13, 5
ROLLING = timedelta(days=30)
SPANS = (1, 7, 30, 90)
_TERMS = (
    "id", "version", "history_date", "target_ppm", "degraded_counts_as_down", "maintenance_allowance_s", "notice_required_s",
    "approved_at", "latency_ms", "latency_ppm",
)  # fmt: skip


@dataclass(frozen=True)
class Period:
    """One window of an agreement, judged by the terms that were in force at its end, or are now.

    name: `2026-03`, or `2026-Q1`. version: of the terms. digits: how many a percentage of it supports. answers_promised:
    whether the terms say how fast it answers; answers: what came of that, None where nobody asked or nobody judged it then. sealed: public id of
    the sealed month it was read from, "" if it was computed.
    """

    window: Window
    name: str
    figures: Figures
    target_ppm: int
    version: int
    approved: bool
    digits: int
    answers_promised: bool = False
    answers: Kept | None = None
    sealed: str = ""

    @property
    def verdict(self) -> Verdict:
        """Met, missed, not proven, in progress."""
        return self.figures.verdict(self.target_ppm)

    @property
    def budget_ms(self) -> Fraction:
        """How long it may be down in this window."""
        return self.figures.budget_ms(self.target_ppm)

    @property
    def budget_used(self) -> Fraction | None:
        """The share of it that is spent."""
        return self.figures.budget_used(self.target_ppm)

    @property
    def left_ms(self) -> Fraction:
        """What is left of the budget; 0 when it is overspent."""
        return max(Fraction(0), self.budget_ms - self.figures.bad_ms)

    @property
    def shortfall_ms(self) -> int:
        """Bad time beyond the budget."""
        return self.figures.shortfall_ms(self.target_ppm)

    def shown(self, name: str) -> str:
        """A ratio of the figures in percent with as many digits as the checks support; a dash for None."""
        return percent(getattr(self.figures, name), self.digits) or "–"

    @property
    def plot(self) -> tuple[float, float, float, float, float] | None:
        """Low, measured, high, target and where the drawing begins, in percent; None if there is nothing to draw."""
        told = self.figures
        if told.low is None or told.high is None:
            return None
        target = self.target_ppm / 10_000
        measured = told.high if told.measured is None else told.measured
        floor = max(0.0, 100 - 4 * max(100 - target, 0.01))
        return float(told.low * 100), float(measured * 100), float(told.high * 100), target, floor


def agreements_in_force() -> QuerySet[SLA]:
    """Agreements by service and name."""
    return SLA.objects.in_force().select_related("service__team", "approved_by").order_by("service__name", "name", "pk")


def windows_of(sla: SLA, *, now: datetime, count: int | None = None) -> list[Window]:
    """The windows of an agreement that began before `now` and did not end before it took effect, the running one last."""
    zone = sla.zone
    if sla.window == QUARTER:
        found = quarters_back(now, count or QUARTERS, zone)
    else:
        found = months_back(now, count or MONTHS, zone)
    begins = midnight(sla.effective_from, zone)
    ends = midnight(sla.effective_until, zone) if sla.effective_until else None
    return [one for one in found if one.end > begins and (ends is None or one.start < ends)]


def periods(
    slas: Sequence[SLA], *, now: datetime, count: int | None = None, answers: bool = False
) -> dict[int, list[Period]]:
    """The windows of each agreement, the running one last, by primary key: eleven queries for any number of them.

    One that is sealed is read as it was sealed, revisions included; the others are computed. answers: also count their
    checks against what was promised of answers, where something was; that takes as many queries again.
    """
    versions = _versions(slas)
    intervals = intervals_of([sla.service_id for sla in slas])
    sealed = months_in_force([sla.service_id for sla in slas])
    of = [
        (sla, window, _in_force(versions[sla.pk], min(window.end, now)))
        for sla in slas
        for window in windows_of(sla, now=now, count=count)
    ]
    lying = Lying(min(one[1].start for one in of), max(one[1].end for one in of)) if of else None
    asked = [_asked(sla, window, terms, lying) for sla, window, terms in of if lying]
    found: dict[int, list[Period]] = {sla.pk: [] for sla in slas}
    fast = _answers(of, asked, sealed, now) if answers else {}
    for number, ((sla, window, terms), told) in enumerate(zip(of, figures_of(asked, now=now), strict=True)):
        if told[0].life_from is None:
            continue  # the service was not in scope yet, or no longer: there is nothing to judge
        name = _name(sla, window)
        row = sealed.get((sla.service_id, sla.public_id, name))
        figures = figures_in(row) if row else told[0]
        found[sla.pk].append(
            Period(
                window=window,
                name=name,
                figures=figures,
                target_ppm=row.target_ppm if row and row.target_ppm else terms["target_ppm"],
                version=row.sla_version if row else terms["version"],
                approved=terms["approved_at"] is not None,
                digits=digits_for(intervals.get(sla.service_id, 0), figures.total_ms),
                answers_promised=terms["latency_ms"] is not None,
                answers=kept_in(row) if row else fast.get(number),
                sealed=row.public_id if row else "",
            )
        )
    return found


Of = tuple[SLA, Window, dict[str, Any]]


def _answers(
    of: Sequence[Of], asked: Sequence[Asked], sealed: Mapping[Key, MonthlyAvailability], now: datetime
) -> dict[int, Kept]:
    """How fast was answered in the windows that are not sealed and of which something was promised, by their number."""
    promised = {
        number: Promise(sla.service, window, terms["latency_ms"], terms["latency_ppm"], one.overlays.excluded)
        for number, ((sla, window, terms), one) in enumerate(zip(of, asked, strict=True))
        if terms["latency_ms"] is not None and (sla.service_id, sla.public_id, _name(sla, window)) not in sealed
    }
    return dict(zip(promised, kept(list(promised.values()), now=now), strict=True))


def _name(sla: SLA, window: Window) -> str:
    return period_name(window, sla.zone, quarter=sla.window == QUARTER)


def intervals_of(service_ids: Sequence[int]) -> dict[int, int]:
    """Seconds between checks of the slowest primary monitor of each service; a service without one is absent."""
    rows = Monitor.objects.in_force().filter(service_id__in=service_ids, role=PRIMARY)
    return dict(rows.values_list("service_id").annotate(slowest=Max("interval_s")))


def doubts_of(sla: SLA, past: Sequence[Period]) -> list[str]:
    """What is doubtful about a target, one sentence each."""
    return doubts(
        target_ppm=sla.target_ppm,
        interval_s=intervals_of([sla.service_id]).get(sla.service_id, 0),
        window_ms=window_length(sla.window == QUARTER),
        dependencies=[one["target_ppm"] for one in sla.dependencies],
        past=[one.figures for one in past],
        latency_ppm=sla.latency_ppm,
    )


@dataclass(frozen=True)
class Uptime:
    """A month of a service, or its last 30 days (`rolling`), without anything promised."""

    name: str
    figures: Figures
    digits: int
    rolling: bool = False

    def shown(self, name: str) -> str:
        """A ratio in percent with as many digits as the checks support; a dash for None."""
        return percent(getattr(self.figures, name), self.digits) or "–"


def uptime_of(service: Service, *, now: datetime, zone: tzinfo, count: int = MONTHS) -> list[Uptime]:
    """The last 30 days and the months of a service, the running one first, as far back as it lived."""
    windows = [Window(now - ROLLING, now), *reversed(months_back(now, count, zone))]
    lying = Lying(min(one.start for one in windows), now)
    told = figures_of([Asked(service, windows, lying.over(service, windows, None))], now=now)[0]
    sealed = months_in_force([service.pk])
    interval = intervals_of([service.pk]).get(service.pk, 0)
    names = ["Last 30 days", *(period_name(window, zone) for window in windows[1:])]
    rows = [sealed.get((service.pk, "", name)) for name in names]
    held = [figures_in(row) if row else one for row, one in zip(rows, told, strict=True)]
    return [
        Uptime(name, one, digits_for(interval, one.total_ms), rolling=name == names[0])
        for name, one in zip(names, held, strict=True)
        if one.life_from is not None
    ]


def uptime_of_monitor(monitor: Monitor, *, now: datetime) -> list[Uptime]:
    """What a monitor came to over the last day, week, month and quarter, as far back as it lived: two queries."""
    windows = [Window(now - timedelta(days=days), now) for days in SPANS]
    told = of_monitors([monitor], windows, now=now)[monitor.pk]
    return [
        Uptime(
            f"Last {days} days" if days > 1 else "Last day",
            one,
            digits_for(monitor.interval_s, one.total_ms),
            rolling=True,
        )
        for days, one in zip(SPANS, told, strict=True)
        if one.life_from is not None
    ]


def made_of(service: Service) -> str:
    """How its monitors make a service, in a sentence."""
    if service.composition == Kind.QUORUM:
        return f"At least {service.quorum} of its primary monitors must be up."
    return (
        "Any one of its primary monitors is enough."
        if service.composition == Kind.ANY
        else "All of its primary monitors must be up."
    )


def _asked(sla: SLA, window: Window, terms: dict[str, Any], lying: Lying) -> Asked:
    contract = Contract(notice_s=terms["notice_required_s"], allowance_s=terms["maintenance_allowance_s"])
    over = lying.over(sla.service, [window], contract)
    return Asked(sla.service, [window], over, degraded_is_down=terms["degraded_counts_as_down"])


def _versions(slas: Sequence[SLA]) -> dict[int, list[dict[str, Any]]]:
    """What every version said, oldest first."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = SLA.history.filter(id__in=[sla.pk for sla in slas]).order_by("version")
    for row in rows.values(*_TERMS):
        found[row["id"]].append(row)
    return found


def _in_force(versions: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    """The version in force at an instant; the first one for what was before it."""
    return next((row for row in reversed(versions) if row["history_date"] <= at), versions[0])
