"""Two steps of the engine: hours of results become packs, and rows that packs stand for are deleted.

An hour is packed half an hour after its end; rows are deleted after two days. Failures, and the results that a
change of state was seen by, stay rows. Both steps go hour by hour and monitor by monitor under the lock of their
progress row, a few monitors in a transaction: two workers do nothing twice, and one that is stopped goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from itertools import groupby
from statistics import median_low
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from monitors.models import Monitor, PackProgress, Result, StateInterval
from monitors.packs import Sample, encode, encode_phases
from monitors.probes.trace import PHASES
from monitors.samples import CLEAR, LATE_AFTER, PACK, hour_of, hour_start, packed_until

PACK_AFTER = timedelta(minutes=30)
KEEP_ROWS = timedelta(hours=48)
BATCH = 1_200  # results in a transaction, some 20 ms of work
BUDGET_S = 0.3

PACK_COLUMNS = (
    "monitor_id", "hour", "location_id", "monitor_version", "revision", "good", "failed", "median", "slowest",
    "body", "phases",
)  # fmt: skip
PackRow = tuple[int, int, int, int, int, int, int, int, int, bytes, bytes]
_INSERT = (
    f"INSERT INTO monitors_resultpack ({', '.join(PACK_COLUMNS)}) "  # noqa: S608 - our own names
    f"VALUES ({', '.join(['%s'] * len(PACK_COLUMNS))})"
)
_READ = (
    "monitor_id", "location_id", "monitor_version", "planned_at", "recorded_at", "outcome", "retry", "lag_us",
    "total_us", *(f"{phase}_us" for phase in PHASES),
)  # fmt: skip
_Do = Callable[[int, list[int]], int]


def pack(now: datetime) -> int:
    """Pack hours that ended half an hour ago or earlier, for at most BUDGET_S; return how many packs were made."""
    return _work(PACK, hour_of(now - PACK_AFTER), _pack_some)


def clear(now: datetime) -> int:
    """Delete rows that are two days old and in a pack, for at most BUDGET_S; return how many."""
    return _work(CLEAR, min(hour_of(now - KEEP_ROWS), packed_until()), _clear_some)


def pack_row(
    key: tuple[int, int, int, int], samples: Sequence[Sample], phases: Iterable[Iterable[int]], *, revision: int = 1
) -> PackRow:
    """One row of ResultPack. key: monitor, hour, location, version of the monitor. phases: of the good samples."""
    counted = [sample for sample in samples if not sample.retry]
    good = [sample.total for sample in counted if sample.outcome == "ok"]
    failed = sum(sample.outcome == "failed" for sample in counted)
    middle, slowest = (median_low(good), max(good)) if good else (0, 0)
    return *key, revision, len(good), failed, middle, slowest, encode(samples), encode_phases(phases)


def insert_packs(rows: Sequence[PackRow]) -> None:
    """The one writer of packs: many rows in one statement, in the caller's transaction."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)


def _work(name: str, until: int, do: _Do) -> int:
    """Turns of one kind of work on the hours before `until`, until nothing is left or the budget is spent."""
    held = PackProgress.objects.filter(pk=name).values_list("hour", flat=True).first()
    if held is not None and held >= until:
        return 0  # without a look first, every idle turn would take the write lock
    done, ends = 0, time.monotonic() + BUDGET_S
    while True:
        began = time.monotonic()
        made = _turn(name, until, do)
        if made is None:
            return done
        done += made
        if time.monotonic() >= ends:
            return done
        time.sleep(time.monotonic() - began)  # half the time is other writers'


@transaction.atomic
def _turn(name: str, until: int, do: _Do) -> int | None:
    """One batch of monitors of one hour; None when nothing is left, or another worker has it."""
    rows = PackProgress.objects.filter(pk=name)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    progress = rows.first()
    if progress is None:
        if not PackProgress.objects.filter(pk=name).exists():
            PackProgress.objects.get_or_create(pk=name, defaults={"hour": _first_hour(until)})
            return 0
        return None
    if progress.hour >= until:
        return None
    monitors = _batch(progress.hour, progress.monitor_id)
    made = do(progress.hour, monitors) if monitors else 0
    if monitors:
        progress.monitor_id = monitors[-1]
    else:
        progress.hour, progress.monitor_id = progress.hour + 1, 0
    progress.save()
    return made


def _first_hour(until: int) -> int:
    """Where work begins that was never done: with the day of the oldest result, which the key knows at once."""
    oldest = Result.objects.order_by("day").values_list("day", flat=True).first()
    return min(hour_of(datetime.combine(oldest, clock_time.min, UTC)), until) if oldest else until


def _batch(hour: int, after: int) -> list[int]:
    """The next monitors that may have results of the hour, as many as have BATCH of them; at least one."""
    alive = Q(retired_at__isnull=True) | Q(retired_at__gte=hour_start(hour))
    found = Monitor.objects.filter(alive, pk__gt=after, created_at__lt=hour_start(hour + 1)).order_by("pk")
    ids: list[int] = []
    expected = 0.0
    for pk, interval_s in found.values_list("pk", "interval_s")[:BATCH]:
        expected += 3600 / interval_s
        if ids and expected > BATCH:
            break
        ids.append(pk)
    return ids


def _pack_some(hour: int, monitors: list[int]) -> int:
    start = hour_start(hour)
    found = Result.objects.filter(day=start.date(), monitor__in=monitors, planned_at__gte=start)
    found = found.filter(planned_at__lt=hour_start(hour + 1)).order_by(*_READ[:4])
    rows: Iterable[tuple[Any, ...]] = found.values_list(*_READ)
    # a result that came later than that is kept as the row it is, and counts in no figure
    in_time = [row for row in rows if row[4] - row[3] <= LATE_AFTER]
    packs = [_packed(hour, key, list(group)) for key, group in groupby(in_time, key=lambda row: row[:3])]
    insert_packs(packs)
    return len(packs)


def _packed(hour: int, key: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> PackRow:
    start = hour_start(hour)
    samples = [
        Sample((row[3] - start) // timedelta(milliseconds=1), row[5], row[6], row[7] // 1000, (row[8] + 50) // 100)
        for row in rows
    ]
    good = [row for row in rows if row[5] == "ok" and not row[6]]
    phases = ([row[column] for row in good] for column in range(9, 9 + len(PHASES)))
    return pack_row((key[0], hour, key[1], key[2]), samples, phases)


def _clear_some(hour: int, monitors: list[int]) -> int:
    start, end = hour_start(hour), hour_start(hour + 1)
    rows = Result.objects.filter(day=start.date(), monitor__in=monitors, planned_at__gte=start, planned_at__lt=end)
    found = rows.exclude(outcome="failed").values_list("id", "monitor_id", "planned_at", "recorded_at")
    told = _told_changes(monitors, start, end)
    ids = [
        pk
        for pk, monitor_id, planned_at, recorded_at in found
        if recorded_at - planned_at <= LATE_AFTER and (monitor_id, planned_at) not in told
    ]
    for some in _parts(ids, 500):
        _delete(start.date(), some)
    return len(ids)


def _told_changes(monitors: list[int], start: datetime, end: datetime) -> set[tuple[int, datetime]]:
    """Slots of the hour by which a change of state was seen: the first and the last result that confirmed it, and the
    last one that spoke for the state before."""
    columns = ("onset_earliest_at", "first_result_at", "last_result_at")
    any_of = Q()
    for column in columns:
        any_of |= Q(**{f"{column}__gte": start, f"{column}__lt": end})
    found = StateInterval.objects.filter(any_of, monitor__in=monitors).values_list("monitor_id", *columns)
    return {(monitor_id, at) for monitor_id, *instants in found for at in instants if at is not None}


def _parts(ids: list[int], size: int) -> Iterator[list[int]]:
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _delete(day: date, ids: list[int]) -> None:
    """By hand: Django would first read the rows that it deletes."""
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM monitors_result WHERE day = %s AND id IN ({marks})", [day.isoformat(), *ids])  # noqa: S608
