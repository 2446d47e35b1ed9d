"""Response times out of stored samples: summaries by day and by place, and what a rule would have done with them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain

from monitors.availability import Window
from monitors.latency import Latency, summarise
from monitors.models import Monitor, Result
from monitors.packs import decode, good_totals
from monitors.samples import HOUR, LATE_AFTER, MS, Seen, hour_start, packed_until, packs_between, rows_between, samples
from monitors.thresholds import Sample, Terms, Turn, alert_time, alerts, replay

PREVIEW = timedelta(days=7)
MOST_PREVIEWED = 60_000
TIMEOUT = "timeout"


@dataclass(frozen=True)
class Preview:
    """What a rule would have done in `[start, end)`. checks: answers it was tried on."""

    start: datetime
    end: datetime
    checks: int
    turns: list[Turn]

    @property
    def count(self) -> int:
        """How often it would have alerted."""
        return alerts(self.turns)

    @property
    def lasted(self) -> timedelta:
        """How long in all."""
        return alert_time(self.turns, self.end)

    @property
    def span(self) -> timedelta:
        """How far back it was tried."""
        return self.end - self.start


@dataclass
class Heap:
    """Checks of one window from one place. good: microseconds of each good one; failed: without those that timed out."""

    good: list[int] = field(default_factory=list)
    failed: int = 0
    timeouts: int = 0


@dataclass(frozen=True)
class Heaps:
    """The checks of a monitor, by (number of the window, location), so that any of them are summed up together."""

    timeout_us: int
    heaps: dict[tuple[int, int], Heap]

    @property
    def places(self) -> list[int]:
        """The locations that checks ran at."""
        return sorted({place for _, place in self.heaps})

    def told(self, *, window: int | None = None, place: int | None = None, threshold_us: int | None = None) -> Latency:
        """Counts and percentiles of one window, one place, both, or of all."""
        held = [heap for (at, of), heap in self.heaps.items() if window in (None, at) and place in (None, of)]
        return summarise(
            list(chain.from_iterable(heap.good for heap in held)),
            failed=sum(heap.failed for heap in held),
            timeouts=sum(heap.timeouts for heap in held),
            timeout_us=self.timeout_us,
            threshold_us=threshold_us,
        )


def gathered(monitor: Monitor, windows: Sequence[Window]) -> Heaps:
    """The checks of a monitor in windows that lie in order and apart: three queries, and one for each day of rows."""
    found = Heaps(monitor.timeout_s * 1_000_000, defaultdict(Heap))
    if not windows:
        return found
    start, end, of = windows[0].start, windows[-1].end, _Among(windows)
    first_row = packed_until()
    packs = packs_between([monitor.pk], start, end, first_row).values_list("hour", "location_id", "failed", "body")
    for hour, place, failed, body in packs.iterator(chunk_size=500):
        begins = hour_start(hour)
        whole = of.holding(begins, begins + HOUR)
        if whole is not None:
            heap = found.heaps[whole, place]
            heap.good += [total * 100 for total in good_totals(bytes(body))]
            heap.failed += failed
        else:
            _open(found, of, begins, place, bytes(body))
    for _, place, seen in rows_between([monitor.pk], max(start, hour_start(first_row)), end):
        if not seen.retry:
            _add(found, of.at(seen.planned_at), place, seen.outcome, seen.total_us)
    for _, place, planned_at in _lost([monitor.pk], start, end):
        window = of.at(planned_at)
        if window is not None:
            heap = found.heaps[window, place]
            heap.timeouts, heap.failed = heap.timeouts + 1, max(heap.failed - 1, 0)
    return found


def summary_of(monitor: Monitor, start: datetime, end: datetime, *, threshold_us: int | None = None) -> Latency:
    """Counts and percentiles of a monitor's checks in `[start, end)`, of all its places together."""
    return gathered(monitor, [Window(start, end)]).told(threshold_us=threshold_us)


def timeouts(monitor_ids: Collection[int], start: datetime, end: datetime) -> dict[int, set[datetime]]:
    """The slots of checks that timed out, by monitor: failures stay rows for good. Retries and late ones left out."""
    found: dict[int, set[datetime]] = defaultdict(set)
    for monitor_id, _, planned_at in _lost(monitor_ids, start, end):
        found[monitor_id].add(planned_at)
    return found


def timed(monitor_ids: Collection[int], start: datetime, end: datetime) -> dict[int, list[Sample]]:
    """What the threshold engine reads: milliseconds of good checks, and `inf` for those that timed out."""
    lost = timeouts(monitor_ids, start, end)
    return {key: _timed(held, lost.get(key, set())) for key, held in samples(monitor_ids, start, end).items()}


def patience_of(monitor: Monitor) -> timedelta:
    """How long after a sample of a monitor its silence says something: three intervals and a timeout."""
    return timedelta(seconds=3 * monitor.interval_s + monitor.timeout_s)


def preview(monitor: Monitor, terms: Terms, *, now: datetime) -> Preview:
    """What a rule would have done in the last seven days, or as many as there are not too many checks in."""
    span = min(PREVIEW, timedelta(seconds=monitor.interval_s * MOST_PREVIEWED))
    start = max(now - span, monitor.created_at or now)
    reach = timedelta(seconds=max(terms.for_s, terms.recovery_for_s))
    held = timed([monitor.pk], start - reach, now).get(monitor.pk, [])
    turns, _ = replay(terms, held, max_age=patience_of(monitor), start=start, end=now)
    return Preview(start, now, sum(start <= one.at for one in held), turns)


class _Among:
    """Which of some windows, in order and apart, an instant or an hour lies in."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.windows, self.starts = windows, [one.start for one in windows]

    def at(self, instant: datetime) -> int | None:
        """The number of the window that an instant lies in."""
        number = bisect_right(self.starts, instant) - 1
        return number if number >= 0 and instant < self.windows[number].end else None

    def holding(self, start: datetime, end: datetime) -> int | None:
        """The number of the window that all of `[start, end)` lies in."""
        number = self.at(start)
        return number if number is not None and end <= self.windows[number].end else None


def _open(found: Heaps, of: _Among, begins: datetime, place: int, body: bytes) -> None:
    """A pack whose hour does not lie in one window: each of its samples is looked at."""
    for one in decode(body):
        if not one.retry:
            _add(found, of.at(begins + one.offset_ms * MS), place, one.outcome, one.total * 100)


def _add(found: Heaps, window: int | None, place: int, outcome: str, us: int) -> None:
    if window is None or outcome not in ("ok", "failed"):
        return
    heap = found.heaps[window, place]
    if outcome == "ok":
        heap.good.append(us)
    else:
        heap.failed += 1


def _lost(monitor_ids: Collection[int], start: datetime, end: datetime) -> Iterator[tuple[int, int, datetime]]:
    rows = Result.objects.filter(monitor__in=monitor_ids, outcome="failed", planned_at__gte=start, planned_at__lt=end)
    told = rows.filter(code=TIMEOUT, retry=False).values_list("monitor_id", "location_id", "planned_at", "recorded_at")
    for monitor_id, place, planned_at, recorded_at in told:
        if recorded_at - planned_at <= LATE_AFTER:
            yield monitor_id, place, planned_at


def _timed(held: Sequence[Seen], lost: set[datetime]) -> list[Sample]:
    found = []
    for seen in held:
        if seen.retry:
            continue
        if seen.outcome == "ok":
            found.append(Sample(seen.planned_at.astimezone(UTC), seen.total_us / 1000))
        elif seen.planned_at in lost:
            found.append(Sample(seen.planned_at.astimezone(UTC), math.inf))
    return found
