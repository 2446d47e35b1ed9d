"""Response times in a pack (AV-4 of the catalogue): each month and each day, of each location and of all together.

A year of checks is read once, a month of a monitor at a time: the days are put aside, packed, while the months are written.
"""

from __future__ import annotations

import gzip
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta, tzinfo
from io import BytesIO
from typing import Any, TextIO

from accounts.models import Organisation
from ledger.evidence import NO_THREAD
from ledger.tables import Row, Scope, Table
from monitors.availability import Window, ratio_text
from monitors.evidence_uptime import months_in
from monitors.latency import Latency
from monitors.models import SLA, Location, Monitor
from monitors.periods import days_of, period_name
from monitors.response_times import Heaps, gathered

CELLS = (
    "samples_ok", "samples_failed", "timeouts", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms", "error_bound_ratio",
    "method", "share_over_threshold_ratio", "threshold_ms",
)  # fmt: skip
MONTHLY = ("period", "period_tz", "monitor_id", "location_id", *CELLS)
DAILY = ("day", "period_tz", "monitor_id", "location_id", *CELLS)
RULE = (
    "A row without location_id is of all its locations together, counted anew and not averaged. Nearest rank over single "
    "checks, retries and late results left out; a check that timed out is at least as slow as its timeout."
)
Cells = tuple[Any, ...]


class Measured:
    """The months and days of these monitors in a scope. A day is one of the organisation's zone, cut to the scope."""

    def __init__(self, scope: Scope, monitors: Sequence[Monitor]) -> None:
        self.scope, self.monitors = scope, monitors
        self._aside: BytesIO | None = None

    def tables(self) -> list[Table]:
        """Both tables."""
        monthly = f"Checks of each monitor in each month, cut to the window. {RULE}"
        daily = f"Checks of each monitor on each day of the organisation's zone, cut to the window. {RULE}"
        folder, window = "03_availability", self.scope.window
        return [
            Table(f"{folder}/latency_monthly", MONTHLY, self.months, "latency_monthly", monthly, window, version=2),
            Table(f"{folder}/latency_daily", DAILY, self.days, "latency_daily", daily, window),
        ]

    def months(self) -> Iterator[Row]:
        """Rows by month; the days are put aside meanwhile."""
        held = BytesIO()
        with gzip.open(held, "wt", compresslevel=1) as aside:
            yield from self._walk(aside)
        self._aside = held

    def days(self) -> Iterator[Row]:
        """Rows by day, as they were put aside; without the months they are read here."""
        if self._aside is None:
            deque(self.months(), maxlen=0)
        with gzip.open(BytesIO(self._aside.getvalue() if self._aside else b""), "rt") as aside:
            for line in aside:
                yield (*json.loads(line), *NO_THREAD)

    def _walk(self, aside: TextIO) -> Iterator[Row]:
        house, places, limits = Organisation.current(), dict(Location.objects.values_list("pk", "public_id")), _limits()
        months = [(one, _days(one, house.zone)) for one in months_in(self.scope, house.zone)]
        for monitor in self.monitors:
            limit = limits.get(monitor.service_id)
            for month, days in months:
                found = gathered(monitor, days)
                for where, told in _rows(found, places, None, limit):
                    name = period_name(month, house.zone)
                    yield (name, house.timezone, monitor.public_id, where, *told, *NO_THREAD)
                for number, day in enumerate(days):
                    name = f"{day.start.astimezone(house.zone):%Y-%m-%d}"
                    for where, told in _rows(found, places, number, limit):
                        aside.write(json.dumps((name, house.timezone, monitor.public_id, where, *told)) + "\n")


def _rows(
    found: Heaps, places: Mapping[int, str], window: int | None, limit_ms: int | None
) -> Iterator[tuple[str | None, Cells]]:
    """Cells of all places together and of each, where any check ran."""
    limit_us = None if limit_ms is None else limit_ms * 1000
    ran = sorted({place for number, place in found.heaps if window in (None, number)})
    whole = found.told(window=window, threshold_us=limit_us) if ran else None
    if whole is None or not whole.checks:
        return
    yield None, _cells(whole, limit_ms)
    for place in ran:
        told = whole if len(ran) == 1 else found.told(window=window, place=place, threshold_us=limit_us)
        yield places.get(place), _cells(told, limit_ms)


def _cells(told: Latency, limit_ms: int | None) -> Cells:
    return (
        told.ok, told.failed, told.timeouts, *[one.text for one in told.percentiles.values()], told.slowest.text,
        str(told.error_bound_ratio), told.method, ratio_text(told.over_ratio), limit_ms,
    )  # fmt: skip


def _days(month: Window, zone: tzinfo) -> list[Window]:
    """The days of a month, or of a part of one, cut to it."""
    first, last = (at.astimezone(zone).date() for at in (month.start, month.end - timedelta(microseconds=1)))
    whole = days_of(first, (last - first).days + 1, zone)
    return [Window(max(one.start, month.start), min(one.end, month.end)) for one in whole]


def _limits() -> dict[int, int]:
    """Within how many milliseconds each service was promised to answer, by the agreement that was written last."""
    rows = SLA.objects.in_force().filter(latency_ms__isnull=False).order_by("pk")
    return {
        service_id: limit for service_id, limit in rows.values_list("service_id", "latency_ms") if limit is not None
    }
