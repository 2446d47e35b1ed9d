"""One check in words and bars: for the trace of a check made now and for a result kept from before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

PHASE_WORDS = {"dns": "DNS", "connect": "TCP", "tls": "TLS", "wait": "First byte", "transfer": "Body"}
LATENCY_FLOOR_MS = 50.0
UNANSWERED = frozenset(
    {"timeout", "dns", "refused", "unreachable", "reset", "empty", "tls"}
)  # what ended before it could speak
LABEL_PERCENT = 16.0  # of a chart, how much the word over a band takes
Phase = tuple[str, float, float, str, str]


@dataclass(frozen=True)
class Curve:
    """Results of the last hours by bucket, ready to be drawn: gaps stay gaps, failures are bands."""

    start: datetime
    end: datetime
    width: timedelta
    median: list[float | None]
    worst: list[float | None]
    failed: list[int]
    good: int
    unwatched: list[tuple[datetime, datetime]]

    @property
    def series(self) -> list[tuple[str, str, list[float | None]]]:
        """The two curves with the class of their line."""
        return [("slowest", "l-ink-2 dash", self.worst), ("median", "l-ink", self.median)]

    @property
    def high(self) -> float:
        """The top of the scale in milliseconds, a little above the worst answer."""
        return max([LATENCY_FLOOR_MS, *(value for value in self.worst if value is not None)]) * 1.15

    @property
    def bands(self) -> list[tuple[float, float, str, str]]:
        """Stretches nobody watched and stretches with failed checks, in percent of the width."""
        step = 100 / len(self.failed)
        out = [(self._at(start), self._at(end), "unwatched", "k-unknown") for start, end in self.unwatched]
        runs = _runs([count > 0 for count in self.failed])
        out += [(first * step, (last + 1) * step, "failing", "k-down") for first, last in runs]
        return _legible(out)

    @property
    def rows(self) -> list[tuple[float, str]]:
        """Two lines of the grid with their words."""
        return [(value, f"{value:,.0f} ms") for value in (self.high / 3, self.high / 3 * 2)]

    def _at(self, instant: datetime) -> float:
        return min(100.0, max(0.0, (instant - self.start) / (self.end - self.start) * 100))


@dataclass(frozen=True)
class Seen:
    """A check made just now, ready for a page: state, the word beside it, the rest of the sentence, its phases."""

    state: str
    word: str
    about: str
    bars: list[Phase]
    hops: list[tuple[int, str]]
    sample: str

    @property
    def said(self) -> str:
        """The phases in words."""
        return said(self.bars)


def seen(trace: Any) -> Seen:
    """A trace (`monitors.probes.trace.Trace`) in words and bars."""
    bars = waterfall_of(trace.phases(), failed=not trace.ok)
    hops = [(hop.status, hop.url) for hop in trace.hops]
    if trace.outcome == "blocked":
        return Seen("unknown", "Not called", trace.sentence, [], hops, "")
    if not trace.ok:
        word = f"Answered {trace.status}" if trace.status else "No answer" if trace.code in UNANSWERED else "Not good"
        about = trace.sentence.removeprefix(word).lstrip(" ,:;.")
        return Seen("down", word, about, bars, hops, trace.sample or _found(trace))
    kind = trace.content_type.split(";")[0]
    parts = [
        "over HTTP/2" if trace.http_version == "2" else "",
        f"in {trace.total_us / 1000:,.0f} ms",
        kind,
        f"{trace.body_bytes:,} bytes" if trace.status else "",
        _certificate(trace),
    ]
    word = f"Answered {trace.status}" if trace.status else "Good"
    about = ", ".join(part for part in parts if part)
    return Seen("up", word, about, bars, hops, trace.sample or _found(trace))


def _found(trace: Any) -> str:
    """What a check of another type than HTTP saw, a line each: the certificates of the chain, or the values of a name."""
    if trace.answers is not None:
        return "\n".join(trace.answers.values)
    return "\n".join(f"{one.subject}, by {one.issuer}, good until {one.not_after:%Y-%m-%d}" for one in trace.chain)


def _certificate(trace: Any) -> str:
    days = trace.certificate_days
    return "" if days is None else f"certificate good for {days} days"


def waterfall_of(phases: Sequence[tuple[str, float]], *, failed: bool) -> list[Phase]:
    """Phases (name, ms) one after the other; the longest one stands out in a failed check."""
    known = [(name, length) for name, length in phases if length > 0]
    longest = max((length for _, length in known), default=0.0)
    at, bars = 0.0, []
    for name, length in known:
        css = "k-down" if failed and length == longest else "k-ink-3"
        bars.append(
            (PHASE_WORDS.get(name, name), at, length, css, f"{length:,.0f} ms" if length >= 1 else "under 1 ms")
        )
        at += length
    return bars


def phases_of_result(result: Any) -> list[tuple[str, float]]:
    """Phases of a kept result, in milliseconds."""
    return [(name, getattr(result, f"{name}_us") / 1000) for name in PHASE_WORDS]


def said(phases: Iterable[Phase]) -> str:
    """`DNS 9 ms, TCP 21 ms`: what the bars say."""
    return ", ".join(f"{name} {words}" for name, _, _, _, words in phases) or "no phase took measurable time"


def hours_for(interval_s: int, age: timedelta) -> int:
    """How far back a chart goes: what exists, and no more than some six thousand checks."""
    most = max(1, 6000 * interval_s // 3600)
    wanted = next((hours for hours in (1, 6) if age < timedelta(hours=hours)), 24)
    return min(most, wanted)


def curve(
    results: Sequence[Any], *, end: datetime, hours: int, buckets: int, unwatched: list[tuple[datetime, datetime]]
) -> Curve:
    """Results (planned_at, outcome, total_us) as the median and the slowest good answer of each bucket."""
    start, width = end - timedelta(hours=hours), timedelta(hours=hours) / buckets
    good: list[list[float]] = [[] for _ in range(buckets)]
    failed = [0] * buckets
    for result in results:
        index = min(buckets - 1, max(0, int((result.planned_at - start) / width)))
        if result.outcome == "ok":
            good[index].append(result.total_us / 1000)
        elif result.outcome == "failed":
            failed[index] += 1
    median = [sorted(values)[len(values) // 2] if values else None for values in good]
    worst = [max(values) if values else None for values in good]
    return Curve(start, end, width, median, worst, failed, sum(map(len, good)), unwatched)


def curve_of_hours(
    told: Sequence[Any], *, end: datetime, hours: int, buckets: int, unwatched: list[tuple[datetime, datetime]]
) -> Curve:
    """The same of whole hours (start, good, failed, median_us, slowest_us), for spans with too many results to read.

    The median of a bucket is the middle one of its hours' medians.
    """
    start, width = end - timedelta(hours=hours), timedelta(hours=hours) / buckets
    middles: list[list[float]] = [[] for _ in range(buckets)]
    worst: list[float | None] = [None] * buckets
    failed, good = [0] * buckets, 0
    for hour in told:
        index = min(buckets - 1, max(0, int((hour.start - start) / width)))
        failed[index] += hour.failed
        good += hour.good
        if hour.good:
            middles[index].append(hour.median_us / 1000)
            worst[index] = max(worst[index] or 0.0, hour.slowest_us / 1000)
    median = [sorted(values)[len(values) // 2] if values else None for values in middles]
    return Curve(start, end, width, median, worst, failed, good, unwatched)


def _legible(bands: list[tuple[float, float, str, str]]) -> list[tuple[float, float, str, str]]:
    """The bands from left to right, without the words of one that would be written over those before."""
    told, free = [], 0.0
    for start, end, words, css in sorted(bands):
        shown = words if start >= free else ""
        free = start + LABEL_PERCENT if shown else free
        told.append((start, end, shown, css))
    return told


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last index of every stretch of True."""
    found: list[tuple[int, int]] = []
    for index, flag in enumerate(flags):
        if flag and found and found[-1][1] == index - 1:
            found[-1] = (found[-1][0], index)
        elif flag:
            found.append((index, index))
    return found
