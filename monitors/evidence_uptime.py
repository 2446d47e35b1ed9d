"""Months of services in a pack: the sealed month where it is sealed, else what the availability function says.

Both have corrections in them, so that a month does not change by being sealed. Beside the time stand the checks: how many
were to run and ran in it, day by day as `continuity_daily` counts them, each monitor's with the service it belonged to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from accounts.models import Organisation
from ledger.evidence import NO_THREAD
from ledger.seal_text import midnight_after
from ledger.tables import Row, Scope, Table
from ledger.texts import read_many
from monitors.availability import Figures, Window, ratio_text
from monitors.continuity import KEPT, ran_on
from monitors.models import Monitor, MonthlyAvailability, Service
from monitors.overlays import Lying
from monitors.periods import month_of, period_name
from monitors.sealed import figures_in, months_in_force
from monitors.uptime import Asked, figures_of

UPTIME = (
    "period", "period_tz", "service_id", "life_from", "life_to", "total_ms", "up_ms", "down_ms", "degraded_ms",
    "maintenance_ms", "excluded_ms", "down_excluded_ms", "unknown_ms", "paused_ms", "adjusted_ms", "measured_ms", "uptime_measured_ratio",
    "uptime_low_ratio", "uptime_high_ratio", "uptime_strict_ratio", "coverage_ratio", "checks_expected", "checks_executed",
    "outages", "longest_outage_ms", "partial", "calc_version", "sealed_month_id", "frozen_at", "revision", "supersedes",
    "adjustment_id", "reason", "approved_by",
)  # fmt: skip
WORDS = (
    "Each service in each calendar month that the window touches, cut to the window: time in each state of its primary "
    "monitors together, approved corrections applied (adjusted_ms), nothing excluded. A month with frozen_at is the newest revision of "
    "its sealed row; one without was computed for this pack. Without corrections the rows of state_intervals add up to it. "
    "checks_*: days in UTC as in continuity_daily, each monitor's with the service it was in at the end of the day; "
    "checks_executed is empty where results of a day are not kept any more."
)


@dataclass
class Checks:
    """Checks of one service in one month. executed: None as soon as a day's results are not kept any more."""

    expected: int = 0
    executed: int | None = 0


NO_CHECKS = Checks()


def uptime_table(scope: Scope, services: Sequence[Service]) -> Table:
    """The months of these services that the scope's window touches (AV-1 of the catalogue)."""

    def rows() -> Iterator[Row]:
        house = Organisation.current()
        months = months_in(scope, house.zone)
        computed, sealed = _computed(scope, services, months), _sealed(services)
        checks = checks_of_months(scope, house.zone)
        reasons = read_many({row.reason_sha256 for row in sealed.values() if row.reason_sha256})
        for service in services:
            for window, figures in zip(months, computed[service.pk], strict=True):
                name = period_name(window, house.zone)
                row = sealed.get((service.pk, name))
                if row is not None and (row.start_at, row.end_at) != (window.start, window.end):
                    row = None  # the window holds a part of the month only, or the zone was another one
                told = figures if row is None else figures_in(row)
                if told.life_from is not None:
                    whole = month_of(window.start, house.zone) == window
                    cells = _cells(told, checks.get((service.pk, name), NO_CHECKS), whole)
                    yield (name, house.timezone, service.public_id, *cells, *_seal_cells(row, reasons), *NO_THREAD)

    return Table("03_availability/uptime_monthly", UPTIME, rows, "uptime_monthly", WORDS, scope.window, version=2)


def months_in(scope: Scope, zone: tzinfo) -> list[Window]:
    """Calendar months of the zone, cut to the window of the scope."""
    found: list[Window] = []
    at = scope.start
    while at < scope.end:
        whole = month_of(at, zone)
        found.append(Window(max(whole.start, scope.start), min(whole.end, scope.end)))
        at = whole.end
    return found


def checks_of_months(scope: Scope, zone: tzinfo) -> dict[tuple[int, str], Checks]:
    """Checks by (service by primary key, month), over the days of the scope: what `continuity_daily` adds up to.

    A day is one in UTC and belongs to the month in its date. A window that ends within a day expects nothing after it.
    """
    ends = scope.end.astimezone(zone)
    until = None if ends.time() == datetime.min.time() else scope.end
    homes = _homes(scope.end)
    found: dict[tuple[int, str], Checks] = defaultdict(Checks)
    day, last = scope.start.astimezone(zone).date(), (ends - timedelta(microseconds=1)).date()
    while day <= last:
        forgotten = scope.end - midnight_after(day) > KEPT
        for public_id, ran in ran_on(day, until=until).items():
            one = found[_home(homes[public_id], day), f"{day:%Y-%m}"]
            one.expected += ran.expected
            lost = one.executed is None or (forgotten and not ran.executed and ran.expected > 0)
            one.executed = None if lost else (one.executed or 0) + ran.executed
        day += timedelta(days=1)
    return dict(found)


def _homes(end: datetime) -> dict[str, list[tuple[datetime, int]]]:
    """Since when each monitor was part of which service, by public id, in order."""
    found: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    rows = Monitor.history.filter(history_date__lt=end + timedelta(days=1)).order_by("version")
    for public_id, since, service_id in rows.values_list("public_id", "history_date", "service_id").iterator():
        if not found[public_id] or found[public_id][-1][1] != service_id:
            found[public_id].append((since, service_id))
    return found


def _home(homes: Sequence[tuple[datetime, int]], day: date) -> int:
    over = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return next(service for since, service in reversed(homes) if since < over)


def _computed(scope: Scope, services: Sequence[Service], months: Sequence[Window]) -> dict[int, list[Figures]]:
    """By the availability function, with corrections; no agreement is asked, so nothing is excluded."""
    lying = Lying(scope.start, scope.end)
    asked = [Asked(service, months, lying.over(service, months, None)) for service in services]
    return {one.service.pk: told for one, told in zip(asked, figures_of(asked, now=scope.end), strict=True)}


def _sealed(services: Sequence[Service]) -> dict[tuple[int, str], MonthlyAvailability]:
    """The newest revision of each sealed month of the services themselves, not of agreements about them."""
    rows = months_in_force(service.pk for service in services)
    return {(key, month): row for (key, sla, month), row in rows.items() if not sla}


def _cells(f: Figures, checks: Checks, whole: bool) -> tuple[Any, ...]:
    return (
        f.life_from, f.life_to, f.total_ms, f.up_ms, f.down_ms, f.degraded_ms, f.maintenance_ms, f.excluded_ms, f.down_excluded_ms, f.unknown_ms,
        f.paused_ms, f.adjusted_ms, f.measured_ms, ratio_text(f.measured), ratio_text(f.low), ratio_text(f.high),
        ratio_text(f.strict), ratio_text(f.coverage), checks.expected, checks.executed, f.outages, f.longest_outage_ms,
        f.partial or not whole, f.policy,
    )  # fmt: skip


def _seal_cells(row: MonthlyAvailability | None, reasons: Mapping[str, Any]) -> tuple[Any, ...]:
    if row is None:
        return (None,) * 7
    return (
        row.public_id, row.recorded_at, row.revision, row.supersedes.public_id if row.supersedes else None,
        row.adjustment or None, reasons.get(row.reason_sha256), row.approved_by.public_id if row.approved_by else None,
    )  # fmt: skip
