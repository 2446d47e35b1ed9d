"""Response times out of stored samples: summaries, and what a rule would have done with them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitors.latency import Latency, summarise
from monitors.models import Monitor, Result
from monitors.samples import LATE_AFTER, Seen, samples
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


def summary_of(monitor: Monitor, start: datetime, end: datetime, *, threshold_us: int | None = None) -> Latency:
    """Counts and percentiles of a monitor's checks in `[start, end)`, read a day at a time."""
    good: list[int] = []
    failed = 0
    at = start
    while at < end:
        until = min(at + timedelta(days=1), end)
        for seen in samples([monitor.pk], at, until).get(monitor.pk, ()):
            if not seen.retry and seen.outcome == "ok":
                good.append(seen.total_us)
            elif not seen.retry and seen.outcome == "failed":
                failed += 1
        at = until
    lost = len(timeouts([monitor.pk], start, end).get(monitor.pk, ()))
    timeout_us = monitor.timeout_s * 1_000_000
    return summarise(
        good, failed=max(failed - lost, 0), timeouts=lost, timeout_us=timeout_us, threshold_us=threshold_us
    )


def timeouts(monitor_ids: Collection[int], start: datetime, end: datetime) -> dict[int, set[datetime]]:
    """The slots of checks that timed out, by monitor: failures stay rows for good. Retries and late ones left out."""
    found: dict[int, set[datetime]] = defaultdict(set)
    rows = Result.objects.filter(monitor__in=monitor_ids, outcome="failed", planned_at__gte=start, planned_at__lt=end)
    told = rows.filter(code=TIMEOUT, retry=False).values_list("monitor_id", "planned_at", "recorded_at")
    for monitor_id, planned_at, recorded_at in told:
        if recorded_at - planned_at <= LATE_AFTER:
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
