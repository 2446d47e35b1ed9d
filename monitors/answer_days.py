"""Response times day by day and place by place, for screens and API. Reads only; `now` is always an argument.

A day is one of the organisation's zone. Percentiles of a day are those of its checks, so no day is drawn as part of a
longer curve: each is a stroke as wide as itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from monitors.availability import Window
from monitors.latency import Latency
from monitors.models import Location, Monitor, ProbeSlot
from monitors.periods import days_of
from monitors.response_times import Heaps, gathered

DAYS, MOST_CHECKS = 14, 60_000
DAY_S = 86_400
POINTS = 4  # of a drawn stroke, an hour
FLOOR_MS = 50.0
LINES = (("p99", "p99", "l-ink-3"), ("p95", "p95", "l-ink-2"), ("median", "p50", "l-ink"))


@dataclass(frozen=True)
class AtPlace:
    """What the checks from one location came to."""

    location: Location
    told: Latency


@dataclass(frozen=True)
class Answers:
    """What one day came to, so far if it is not over. hours: of the whole day, 23 or 25 where clocks change."""

    day: date
    window: Window
    hours: int
    told: Latency
    places: list[AtPlace]


@dataclass(frozen=True)
class AnswerDays:
    """Days in order, the newest last, and each location over all of them."""

    days: list[Answers]
    places: list[AtPlace]
    whole: Latency

    @property
    def start(self) -> datetime:
        """Where the first day begins."""
        return self.days[0].window.start

    @property
    def end(self) -> datetime:
        """Where the newest day ends, also if it is not over."""
        return self.start + timedelta(hours=sum(one.hours for one in self.days))

    @property
    def newest_first(self) -> list[Answers]:
        """For a table."""
        return self.days[::-1]

    @property
    def series(self) -> list[tuple[str, str, list[float | None]]]:
        """A stroke for each percentile of each day, as wide as the day; a day without one is a gap."""
        return [(words, css, self._strokes(name)) for words, name, css in LINES]

    @property
    def high(self) -> float:
        """The top of the scale in milliseconds."""
        seen = [one.told.percentiles["p99"].us or 0 for one in self.days]
        return max(FLOOR_MS, max(seen) / 1000) * 1.15

    @property
    def rows(self) -> list[tuple[float, str]]:
        """Two lines of the grid with their words."""
        return [(value, f"{value:,.0f} ms") for value in (self.high / 3, self.high / 3 * 2)]

    def _strokes(self, name: str) -> list[float | None]:
        values: list[float | None] = []
        for one in self.days:
            us = one.told.percentiles[name].us
            values += [None if us is None else us / 1000] * (one.hours * POINTS - 1) + [None]
        return values


def answer_days(
    monitor: Monitor,
    *,
    now: datetime,
    zone: tzinfo,
    count: int = DAYS,
    most: int = MOST_CHECKS,
    threshold_us: int | None = None,
) -> AnswerDays | None:
    """The last days of a monitor, as many as are not too many checks; None if already one is.

    The number of queries does not grow with the checks.
    """
    places = max(1, ProbeSlot.objects.filter(monitor=monitor).count())
    count = min(count, most * monitor.interval_s // (DAY_S * places))
    today = now.astimezone(zone).date()
    lived = [
        one for one in days_of(today - timedelta(days=count - 1), count, zone) if one.end > (monitor.created_at or now)
    ]
    if not lived:
        return None
    windows = [Window(one.start, min(one.end, now)) for one in lived]
    found = gathered(monitor, windows)
    named = Location.objects.in_bulk(found.places)
    days = [
        Answers(
            window.start.astimezone(zone).date(),
            window,
            (lived[number].end - window.start) // timedelta(hours=1),
            found.told(window=number, threshold_us=threshold_us),
            at_places(found, window=number, threshold_us=threshold_us, named=named),
        )
        for number, window in enumerate(windows)
    ]
    return AnswerDays(
        days, at_places(found, threshold_us=threshold_us, named=named), found.told(threshold_us=threshold_us)
    )


def at_places(
    found: Heaps,
    *,
    window: int | None = None,
    threshold_us: int | None = None,
    named: Mapping[int, Location] | None = None,
) -> list[AtPlace]:
    """Each location by itself, by name. named: the locations by primary key; read here if not given."""
    held = Location.objects.in_bulk(found.places) if named is None else named
    ran = {place for number, place in found.heaps if window in (None, number) and place in held}
    told = [AtPlace(held[key], found.told(window=window, place=key, threshold_us=threshold_us)) for key in ran]
    return sorted(told, key=lambda one: (one.location.name, one.location.pk))
