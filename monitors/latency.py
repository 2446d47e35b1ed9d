"""How fast answers are: counts, percentiles that say how they were made, and what was promised. Pure, standard library only.

Rules, in docs/response-times.md: percentiles are nearest rank over single samples, never averages of percentiles; a check that
timed out is at least as slow as its timeout; failures are counted beside them and are no fast answers. A promise is about the
share of checks that is answered in time, which adds up over any stretch of time; checks that never ran bound it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from monitors.availability import MILLION, Verdict

QUANTILES: dict[str, Fraction] = {
    "p50": Fraction(50, 100),
    "p90": Fraction(90, 100),
    "p95": Fraction(95, 100),
    "p99": Fraction(99, 100),
}
EXACT, HISTOGRAM = "exact", "histogram"
MOST_EXACT = (
    200_000  # more samples than that are counted into bins, so that a month of checks a second fits into memory
)
GROWTH = 1.02  # of a bin over the one before it: a value is known to within one percent
BIN_ERROR = 0.01
ROUNDED_US = 50  # samples are kept in tenths of a millisecond
LEAST_CHECKS = 100  # fewer say nothing of a share
_LOG = math.log(GROWTH)


@dataclass(frozen=True, slots=True)
class Percentile:
    """A length in microseconds. censored: as many checks timed out that it is at least this; None without samples."""

    us: int | None
    censored: bool = False

    @property
    def text(self) -> str:
        """`412.0` in milliseconds, `>=10000.0` when it is at least that, "" without samples."""
        return "" if self.us is None else f"{'>=' if self.censored else ''}{self.us / 1000:.1f}"


@dataclass(frozen=True, slots=True)
class Latency:
    """What a span of checks came to. method: exact or histogram; error_bound_ratio: how far a percentile may be off.

    over: how many checks were not answered within the threshold, failures and timeouts among them; None without one.
    """

    ok: int
    failed: int
    timeouts: int
    percentiles: dict[str, Percentile]
    slowest: Percentile
    method: str
    error_bound_ratio: float
    over: int | None = None

    @property
    def checks(self) -> int:
        """How many ran."""
        return self.ok + self.failed + self.timeouts

    @property
    def over_ratio(self) -> Fraction | None:
        """The share of all checks that was not answered within the threshold; None without one, or without checks."""
        return Fraction(self.over, self.checks) if self.over is not None and self.checks else None


@dataclass(frozen=True, slots=True)
class Answered:
    """Checks against a limit. fast: answered within it. slow: not, failures and timeouts among them. unseen: never ran."""

    fast: int
    slow: int
    unseen: int

    @property
    def seen(self) -> int:
        """Checks that ran."""
        return self.fast + self.slow

    @property
    def share(self) -> Fraction | None:
        """The share of the checks that ran and were answered in time; None without any."""
        return Fraction(self.fast, self.seen) if self.seen else None

    @property
    def low(self) -> Fraction | None:
        """The share if every check that never ran had been slow."""
        return Fraction(self.fast, self.seen + self.unseen) if self.seen + self.unseen else None

    @property
    def high(self) -> Fraction | None:
        """The share if every check that never ran had been fast."""
        return Fraction(self.fast + self.unseen, self.seen + self.unseen) if self.seen + self.unseen else None

    def verdict(self, share_ppm: int) -> Verdict:
        """Met if even the low bound reaches the promised share, missed if not even the high one does, else not proven.

        Too few checks prove nothing: less than LEAST_CHECKS, or so few that a single one decides.
        """
        if self.low is None or self.high is None or self.seen < least_checks(share_ppm):
            return Verdict.NOT_PROVEN
        if self.low * MILLION >= share_ppm:
            return Verdict.MET
        return Verdict.MISSED if self.high * MILLION < share_ppm else Verdict.NOT_PROVEN


def least_checks(share_ppm: int) -> int:
    """How many checks it takes to say anything of a promised share."""
    spare = MILLION - share_ppm
    return max(LEAST_CHECKS, -(-MILLION // spare)) if spare else LEAST_CHECKS


def together(verdicts: Sequence[Verdict], need: int) -> Verdict:
    """The verdict of a service of which `need` monitors must keep the promise, by counting, as its states are made."""
    members = max(len(verdicts), need)
    if verdicts.count(Verdict.MET) >= max(need, 1):
        return Verdict.MET
    return Verdict.MISSED if verdicts.count(Verdict.MISSED) > members - need else Verdict.NOT_PROVEN


def summarise(
    good_us: Sequence[int], *, failed: int, timeouts: int, timeout_us: int, threshold_us: int | None = None
) -> Latency:
    """Sum up checks that are no retries. failed: of them without those that timed out. Many samples are binned first."""
    if len(good_us) > MOST_EXACT:
        return of_histogram(Counter(map(bin_of, good_us)), failed=failed, timeouts=timeouts, timeout_us=timeout_us,
                            slowest_us=max(good_us), threshold_us=threshold_us)  # fmt: skip
    ordered = sorted(good_us)
    found = {name: _ranked(ordered, timeouts, q, timeout_us) for name, q in QUANTILES.items()}
    middle = found["p50"].us
    return Latency(
        ok=len(ordered),
        failed=failed,
        timeouts=timeouts,
        percentiles=found,
        slowest=_slowest(ordered[-1] if ordered else None, timeouts, timeout_us),
        method=EXACT,
        error_bound_ratio=round(ROUNDED_US / middle, 6) if middle else 0.0,
        over=None if threshold_us is None else sum(one > threshold_us for one in ordered) + failed + timeouts,
    )


def of_histogram(
    bins: Counter[int], *, failed: int, timeouts: int, timeout_us: int, slowest_us: int, threshold_us: int | None = None
) -> Latency:
    """The same from counted bins, which of any number of places and hours may be added up first."""
    ok = sum(bins.values())
    found = {name: _ranked_bins(bins, ok, timeouts, q, timeout_us) for name, q in QUANTILES.items()}
    over = None
    if threshold_us is not None:
        over = sum(count for number, count in bins.items() if middle_of(number) > threshold_us) + failed + timeouts
    slowest = _slowest(slowest_us if ok else None, timeouts, timeout_us)
    return Latency(ok, failed, timeouts, found, slowest, HISTOGRAM, BIN_ERROR, over)


def nearest_rank(ordered: Sequence[int], q: Fraction) -> int | None:
    """The smallest value that so large a share of the values does not exceed; None of no values."""
    return ordered[math.ceil(q * len(ordered)) - 1] if ordered else None


def bin_of(us: int) -> int:
    """The bin of a length in microseconds."""
    return math.ceil(math.log(us) / _LOG) if us > 1 else 0


def middle_of(number: int) -> int:
    """The length that stands for all of a bin: no more than one percent from any of them."""
    return round(2 * GROWTH**number / (GROWTH + 1)) if number else 1


def binned(values: Iterable[int]) -> Counter[int]:
    """How many values are in each bin."""
    return Counter(map(bin_of, values))


def _ranked(ordered: Sequence[int], timeouts: int, q: Fraction, timeout_us: int) -> Percentile:
    rank = math.ceil(q * (len(ordered) + timeouts))
    if not rank:
        return Percentile(None)
    return Percentile(ordered[rank - 1]) if rank <= len(ordered) else Percentile(timeout_us, censored=True)


def _ranked_bins(bins: Counter[int], ok: int, timeouts: int, q: Fraction, timeout_us: int) -> Percentile:
    rank = math.ceil(q * (ok + timeouts))
    if not rank:
        return Percentile(None)
    if rank > ok:
        return Percentile(timeout_us, censored=True)
    for number in sorted(bins):
        rank -= bins[number]
        if rank <= 0:
            return Percentile(middle_of(number))
    raise AssertionError("a rank within the samples is in a bin")


def _slowest(us: int | None, timeouts: int, timeout_us: int) -> Percentile:
    return Percentile(timeout_us, censored=True) if timeouts else Percentile(us)
