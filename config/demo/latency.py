"""How long answers take in the demo: a few shapes of services, each with its day, its week and its bad minutes. Pure.

An hour is a level, which follows the clock, and one of a few patterns of noise above it. So a year has only some
hundreds of different hours, each is packed once, and packing a year takes seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property
from random import Random
from statistics import median_low

from monitors.packs import columns, encode_phases

LEVELS, PATTERNS, SHAPES = 14, 18, 10
# shares of the total: name, connect, TLS (the demo speaks none), wait; what is left is the transfer
SHARES = (0.06, 0.14, 0.0, 0.74)
EPOCH = date(1970, 1, 1)
# a year of a large demo asks four million times: the curves of the three kinds of day are reckoned once
CLOCK = [[2.6 * math.sin((hour - 8 + kind) / 24 * 2 * math.pi) for hour in range(24)] for kind in range(3)]


@dataclass(frozen=True)
class Hour:
    """What a pack says of an hour beside its slots: columns, phases, figures, and the single numbers behind them."""

    measured: tuple[int, bytes]
    phases: bytes
    median: int
    slowest: int
    lags: list[int]
    totals: list[int]


@dataclass
class Shape:
    """One kind of service with `count` checks an hour. Totals are in tenths of a millisecond, lags in milliseconds."""

    number: int
    count: int
    _hours: dict[tuple[int, int], Hour] = field(default_factory=dict)

    @cached_property
    def base(self) -> int:
        """The quickest ordinary answer: 25 ms for the first shape, some 300 ms for the last."""
        return round(250 * 1.32**self.number)

    @cached_property
    def _patterns(self) -> list[tuple[list[int], list[int]]]:
        rng = Random(1_000 * self.number + self.count)  # noqa: S311 - no secret
        return [self._pattern(rng) for _ in range(PATTERNS)]

    def _pattern(self, rng: Random) -> tuple[list[int], list[int]]:
        spread = self.base * 0.07
        totals = [round(rng.gammavariate(2.2, spread)) for _ in range(self.count)]
        if rng.random() < 0.3:  # now and then an answer is slow
            totals[rng.randrange(self.count)] += round(self.base * rng.uniform(1.5, 6))
        return [min(40, int(rng.expovariate(0.9))) for _ in range(self.count)], totals

    def hour(self, hour: int, salt: int) -> Hour:
        """The hour with this number since 1970; salt: of the monitor, so that two of one shape differ."""
        chance = (salt * 2_654_435_761 + hour * 40_503) >> 9
        key = level(hour, salt), chance % PATTERNS
        if key not in self._hours:
            self._hours[key] = self._made(*key)
        return self._hours[key]

    def _made(self, level: int, pattern: int) -> Hour:
        lags, noise = self._patterns[pattern]
        floor = round(self.base * (1 + 0.05 * level))
        totals = [floor + one for one in noise]
        phases = encode_phases(zip(*(phases_us(total) for total in totals), strict=True))
        return Hour(columns(lags, totals), phases, median_low(totals), max(totals), lags, totals)


def level(hour: int, salt: int) -> int:
    """0 to LEVELS - 1: low at night and on Sundays, higher by the month until somebody tunes the service."""
    week, year_day = _day(hour // 24)
    season = 3.0 * ((year_day + salt * 37) % 140) / 140
    return max(0, min(LEVELS - 1, round(3.5 + CLOCK[salt % 3][hour % 24] + week + season)))


@cache
def _day(number: int) -> tuple[float, int]:
    """What the day of the week takes off, and the number of the day in its year. number: days since 1970."""
    day = EPOCH + timedelta(days=number)
    return (-1.5 if day.weekday() >= 5 else 0.0), day.timetuple().tm_yday


def phases_us(total: int) -> tuple[int, int, int, int, int]:
    """The phases of an answer in microseconds, from its total in tenths of a millisecond."""
    first = tuple(round(total * 100 * share) for share in SHARES)
    return (first[0], first[1], first[2], first[3], total * 100 - sum(first))
