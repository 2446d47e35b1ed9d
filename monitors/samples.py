"""Samples over any span: rows of the last hour and packs of all that came before, read as one.

What is told is the same before and after an hour was packed: lags in whole milliseconds, totals in tenths.
Results that came more than a quarter of an hour late stay rows, count in no figure and are left out here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median_low
from typing import NamedTuple

from django.db.models import QuerySet

from monitors.models import PackProgress, Result, ResultPack
from monitors.packs import decode

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)
LATE_AFTER = timedelta(minutes=15)
PACK, CLEAR = "pack", "clear"


class Seen(NamedTuple):
    """One slot as it ran. total_us: microseconds, rounded to hundreds."""

    planned_at: datetime
    outcome: str
    retry: bool
    lag_ms: int
    total_us: int


class Hour(NamedTuple):
    """What an hour came to, retries left out. median_us, slowest_us: of the good samples; 0 without any."""

    start: datetime
    good: int
    failed: int
    median_us: int
    slowest_us: int


def hour_of(moment: datetime) -> int:
    """The number of the hour an instant lies in, counted from the epoch."""
    return (moment - EPOCH) // HOUR


def hour_start(hour: int) -> datetime:
    """Where an hour begins."""
    return EPOCH + hour * HOUR


def packed_until() -> int:
    """The first hour of which results are still rows for all monitors."""
    return PackProgress.objects.filter(pk=PACK).values_list("hour", flat=True).first() or 0


def samples(monitor_ids: Collection[int], start: datetime, end: datetime) -> dict[int, list[Seen]]:
    """Samples with slots in `[start, end)` by monitor, oldest first: two queries, and one more for each day of rows."""
    first_row = packed_until()
    found: dict[int, list[Seen]] = {}
    for monitor_id, hour, body in packs_between(monitor_ids, start, end, first_row).values_list(
        "monitor_id", "hour", "body"
    ):
        begins, held = hour_start(hour), found.setdefault(monitor_id, [])
        for one in decode(bytes(body)):
            at = begins + one.offset_ms * MS
            if start <= at < end:
                held.append(Seen(at, one.outcome, one.retry, one.lag_ms, one.total * 100))
    for monitor_id, _, seen in rows_between(monitor_ids, max(start, hour_start(first_row)), end):
        found.setdefault(monitor_id, []).append(seen)
    for theirs in found.values():
        theirs.sort(key=lambda seen: seen.planned_at)  # two places, or two versions, of one hour are two packs
    return found


def hours(monitor_id: int, start: datetime, end: datetime) -> list[Hour]:
    """What each hour that begins in `[start, end)` came to, oldest first; an hour without samples is left out.

    Packs know their own figures, so a year is a year of small numbers and nothing is unpacked. An hour with
    two packs, of two places or two versions, is told twice.
    """
    first_row = packed_until()
    packs = packs_between([monitor_id], start, end, first_row).values_list(
        "hour", "good", "failed", "median", "slowest"
    )
    told = [
        Hour(hour_start(hour), good, failed, median * 100, slowest * 100)
        for hour, good, failed, median, slowest in packs
    ]
    unpacked: dict[int, list[Seen]] = {}
    for *_, seen in rows_between([monitor_id], max(start, hour_start(first_row)), end):
        unpacked.setdefault(hour_of(seen.planned_at), []).append(seen)
    return told + [_hour(hour, seen) for hour, seen in sorted(unpacked.items())]


def packs_between(monitor_ids: Collection[int], start: datetime, end: datetime, first_row: int) -> QuerySet[ResultPack]:
    """Packs of the hours that `[start, end)` touches and that lie before `first_row` (`packed_until`), in their order."""
    until = min(hour_of(end - MS / 1000) + 1, first_row)
    return ResultPack.objects.filter(
        monitor__in=monitor_ids, hour__gte=hour_of(start), hour__lt=until, revision=1
    ).order_by("hour")


def rows_between(monitor_ids: Collection[int], start: datetime, end: datetime) -> Iterator[tuple[int, int, Seen]]:
    """Rows in time as (monitor, location, sample), one query for each UTC day: the key of results begins with the day."""
    for day in _days(start, end):
        rows = Result.objects.filter(day=day, monitor__in=monitor_ids, planned_at__gte=start, planned_at__lt=end)
        told = rows.order_by("planned_at").values_list(
            "monitor_id", "location_id", "planned_at", "recorded_at", "outcome", "retry", "lag_us", "total_us"
        )
        for monitor_id, location_id, planned_at, recorded_at, outcome, retry, lag_us, total_us in told:
            if recorded_at - planned_at <= LATE_AFTER:
                rounded = (total_us + 50) // 100 * 100
                yield monitor_id, location_id, Seen(planned_at, outcome, retry, lag_us // 1000, rounded)


def _hour(hour: int, seen: list[Seen]) -> Hour:
    counted = [one for one in seen if not one.retry]
    good = [one.total_us for one in counted if one.outcome == "ok"]
    failed = sum(one.outcome == "failed" for one in counted)
    return Hour(hour_start(hour), len(good), failed, median_low(good) if good else 0, max(good, default=0))


def _days(start: datetime, end: datetime) -> list[date]:
    if start >= end:
        return []
    first, last = start.astimezone(UTC).date(), (end - MS / 1000).astimezone(UTC).date()
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
