"""Chapter: every sample of the year, written through the one packer once the year has been lived.

Hours in which nothing happened are made from the shape of the service (config.demo.latency); hours in which
something did are put together from what the checks left behind. The last two days are rows first, as in life,
and the engine's own step packs them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from config.demo.checks import good_trace, next_of, place_of, shape_of
from config.demo.latency import phases_us
from config.demo.world import Demo
from monitors.engine.bulk import insert_results
from monitors.engine.findings import Finding
from monitors.engine.packing import KEEP_ROWS, PACK_AFTER, PackRow, insert_packs, pack, pack_row
from monitors.models import Monitor, PackProgress, Result, StateInterval
from monitors.packs import Sample, head, join
from monitors.samples import CLEAR, PACK, hour_of, hour_start, packed_until
from monitors.states import State

HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)
AT_ONCE = 20_000  # packs in a transaction
Versions = list[tuple[datetime, int]]


def packs(demo: Demo) -> None:
    """Packs of all but the last two days."""
    until = hour_of(demo.end - KEEP_ROWS)
    waiting: list[PackRow] = []
    for monitor in Monitor.objects.defer("secrets").order_by("pk"):
        waiting += packs_of(demo, monitor, until)
        if len(waiting) >= AT_ONCE:
            _store(waiting)
            waiting = []
    _store(waiting)
    for name in (PACK, CLEAR):
        PackProgress.objects.create(name=name, hour=until)


def rows(demo: Demo) -> None:
    """The last two days as rows, and packs out of those that are old enough."""
    rows_until_now(demo, hour_start(packed_until()))
    while packed_until() < hour_of(demo.end - PACK_AFTER):
        pack(demo.end)


def packs_of(demo: Demo, monitor: Monitor, until: int) -> Iterator[PackRow]:
    """The packs of one monitor, hour by hour."""
    place, versions, quiet = place_of(demo, monitor.pk), _versions(monitor), _quiet_hours(monitor, until)
    shape = shape_of(monitor.pk, monitor.interval_s)
    first = hour_of(monitor.created_at or demo.start)
    slots = list(_slots(monitor, hour_start(first + 1), hour_start(first + 2)))
    begins = hour_start(first + 1)
    ordinary = head([(slot - begins) // MS for slot in slots], [0] * len(slots))
    changed = {hour_of(since) for since, _ in versions[1:]}
    version, busy = 0, []
    for hour in range(first, until):
        if not version or hour - 1 in changed:
            version = _version(versions, hour_start(hour))
        if hour not in quiet or hour in changed:
            busy.append(hour)
            continue
        told = shape.hour(hour, monitor.pk)
        measured = join(ordinary, told.measured)
        yield monitor.pk, hour, place, version, 1, shape.count, 0, told.median, told.slowest, measured, told.phases
    yield from _eventful(demo, monitor, busy, versions)


def rows_until_now(demo: Demo, since: datetime) -> None:
    """Rows of the last two days, stored minute by minute as a hand-over would have stored them."""
    minutes: dict[datetime, list[Finding]] = defaultdict(list)
    for monitor in Monitor.objects.in_force().defer("secrets"):
        place, versions = place_of(demo, monitor.pk), _versions(monitor)
        last = Result.objects.filter(monitor_id=monitor.pk).aggregate(at=Max("planned_at"))["at"] or demo.start
        kept = set(
            Result.objects.filter(monitor_id=monitor.pk, planned_at__gte=since).values_list("planned_at", flat=True)
        )
        for start, end in _spans(monitor, State.UP, since, max(last, demo.end)):
            for slot in _slots(monitor, start, min(end, demo.end)):
                if slot not in kept:
                    lag, trace = good_trace(monitor.pk, monitor.interval_s, slot)
                    found = Finding(monitor.pk, _version(versions, slot), place, slot, False, lag, trace)
                    minutes[slot.replace(second=0, microsecond=0)].append(found)
    with transaction.atomic():
        for minute in sorted(minutes):
            insert_results(minutes[minute], min(minute + timedelta(seconds=62), demo.end))


def _eventful(demo: Demo, monitor: Monitor, hours: list[int], versions: Versions) -> Iterator[PackRow]:
    """Packs of hours in which something happened: what was stored, and good checks where it was up beside that."""
    place = place_of(demo, monitor.pk)
    wanted = set(hours)
    stored: dict[int, list[tuple[datetime, str, bool, int, int, int]]] = defaultdict(list)
    held = Result.objects.filter(monitor_id=monitor.pk).order_by("planned_at")
    for row in held.values_list("planned_at", "outcome", "retry", "lag_us", "total_us", "monitor_version"):
        stored[hour_of(row[0])].append(row)
    up: dict[int, list[datetime]] = defaultdict(list)
    for start, end in _spans(monitor, State.UP, hour_start(min(hours, default=0)), demo.end) if hours else ():
        for hour in range(hour_of(start), hour_of(end) + 1):
            if hour in wanted:
                begins = max(start, hour_start(hour))
                up[hour] += _slots(monitor, begins, min(end, hour_start(hour + 1)))
    for hour in hours:
        known = {row[0] for row in stored[hour]}
        made = [_good(monitor, slot, versions) for slot in up[hour] if slot not in known]
        by_version: dict[int, list[tuple[datetime, str, bool, int, int, int]]] = defaultdict(list)
        for row in sorted([*stored[hour], *made]):
            by_version[row[5]].append(row)
        for version, theirs in sorted(by_version.items()):
            samples = [
                Sample((at - hour_start(hour)) // MS, outcome, retry, lag // 1000, (total + 50) // 100)
                for at, outcome, retry, lag, total, _ in theirs
            ]
            good = [phases_us(one.total) for one in samples if one.outcome == "ok" and not one.retry]
            phases = list(zip(*good, strict=True)) or [()] * 5
            yield pack_row((monitor.pk, hour, place, version), samples, phases)


def _good(monitor: Monitor, slot: datetime, versions: Versions) -> tuple[datetime, str, bool, int, int, int]:
    lag, trace = good_trace(monitor.pk, monitor.interval_s, slot)
    return slot, "ok", False, lag, trace.total_us, _version(versions, slot)


def _quiet_hours(monitor: Monitor, until: int) -> set[int]:
    """Hours in which the monitor was up from the first to the last moment, and of which nothing was stored."""
    quiet: set[int] = set()
    for start, end in _spans(monitor, State.UP, monitor.created_at, hour_start(until)):
        quiet.update(range(hour_of(start - MS) + 1, hour_of(end)))
    stored = Result.objects.filter(monitor_id=monitor.pk).values_list("planned_at", flat=True)
    return quiet - {hour_of(at) for at in stored}


def _spans(
    monitor: Monitor, state: str, since: datetime | None, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Spans in which a monitor was in a state, cut to a window; the open one lasts as far as it is covered."""
    found = StateInterval.objects.filter(monitor=monitor, state=state).order_by("started_at")
    for start, end, covered in found.values_list("started_at", "ended_at", "covered_until"):
        first, last = max(start, since or start), min(end or covered or until, until)
        if first < last:
            yield first, last


def _slots(monitor: Monitor, start: datetime, end: datetime) -> Iterator[datetime]:
    """Slots of the grid in `[start, end)`."""
    slot = next_of(monitor, start - MS)
    while slot < end:
        yield slot
        slot += timedelta(seconds=monitor.interval_s)


def _versions(monitor: Monitor) -> Versions:
    """From when on each version of the monitor was in force."""
    return list(monitor.history.order_by("version").values_list("history_date", "version"))


def _version(versions: Versions, at: datetime) -> int:
    found = versions[0][1]
    for since, version in versions:
        if since > at:
            break
        found = version
    return found


def _store(made: list[PackRow]) -> None:
    with transaction.atomic():
        insert_packs(made)
