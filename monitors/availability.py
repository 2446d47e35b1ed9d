"""The one availability function: intervals in, whole milliseconds out. Pure, standard library only.

Screens, API, badges, status pages, sealed months and evidence call `availability` and print what it returns; nothing
else computes uptime. The rules are in docs/availability.md; `POLICY` names them, and every row that quotes a figure
quotes it too. Figures are integers of milliseconds and ratios exact fractions, so that nothing is rounded before it
is printed, and printing truncates.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from monitors.composing import (
    DEGRADED,
    DOWN,
    PAUSED,
    UP,
    Adjustment,
    Kind,
    Life,
    Piece,
    Span,
    Stretch,
    Terms,
    in_ms,
    instant_of,
    length,
    merged,
    ms_of,
    service_pieces,
    within,
    without,
)

POLICY = "calc-1"
MILLION = 1_000_000
MOST_DIGITS = 4


class Verdict(StrEnum):
    """What a window says about a target. not_proven: too much of it was not watched to say either."""

    MET = "met"
    MISSED = "missed"
    NOT_PROVEN = "not_proven"
    IN_PROGRESS = "in_progress"


class Window(NamedTuple):
    """What is reported on, `[start, end)`: a calendar month of a zone, a day, the last 30 days."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What a window came to, in whole milliseconds. All ratios are fractions of 1; None where nothing can be said.

    total_ms: the service's life in the window without exclusions. It is the sum of up_ms, degraded_ms, down_ms,
    unknown_ms and paused_ms. excluded_ms: what was taken out, down_excluded_ms of it down. maintenance_ms: planned
    work of any standing, excluded or not. adjusted_ms: time of a member that a correction speaks of, each instant once.
    outages: stretches of bad time with a part that counts; longest_outage_ms: the counted part of the longest.
    life_from, life_to: the service's life in the window; None if it had none. partial: that is less than the window.
    """

    window: Window
    life_from: datetime | None
    life_to: datetime | None
    partial: bool
    in_progress: bool
    degraded_is_down: bool
    total_ms: int = 0
    up_ms: int = 0
    degraded_ms: int = 0
    down_ms: int = 0
    unknown_ms: int = 0
    paused_ms: int = 0
    excluded_ms: int = 0
    down_excluded_ms: int = 0
    maintenance_ms: int = 0
    adjusted_ms: int = 0
    outages: int = 0
    longest_outage_ms: int = 0
    policy: str = POLICY

    @property
    def bad_ms(self) -> int:
        """Time that counts against a target: down, and degraded where the contract says so."""
        return self.down_ms + (self.degraded_ms if self.degraded_is_down else 0)

    @property
    def unseen_ms(self) -> int:
        """Time that nobody watched: unknown and paused."""
        return self.unknown_ms + self.paused_ms

    @property
    def measured_ms(self) -> int:
        """Time that was watched."""
        return self.total_ms - self.unseen_ms

    @property
    def measured(self) -> Fraction | None:
        """The best estimate, from what was watched; None if nothing was."""
        return 1 - Fraction(self.bad_ms, self.measured_ms) if self.measured_ms else None

    @property
    def low(self) -> Fraction | None:
        """The share if every second nobody watched was an outage."""
        return 1 - Fraction(self.bad_ms + self.unseen_ms, self.total_ms) if self.total_ms else None

    @property
    def high(self) -> Fraction | None:
        """The share if every second nobody watched was fine."""
        return 1 - Fraction(self.bad_ms, self.total_ms) if self.total_ms else None

    @property
    def coverage(self) -> Fraction | None:
        """How much was watched."""
        return Fraction(self.measured_ms, self.total_ms) if self.total_ms else None

    @property
    def strict(self) -> Fraction | None:
        """The share with planned work counted as everybody else counts it: nothing is excluded."""
        life_ms = self.total_ms + self.excluded_ms
        return 1 - Fraction(self.bad_ms + self.down_excluded_ms, life_ms) if life_ms else None

    def verdict(self, target_ppm: int) -> Verdict:
        """Met if even the low bound reaches the target, missed if not even the high one does, else not proven."""
        if self.in_progress:
            return Verdict.IN_PROGRESS
        if self.total_ms and (self.total_ms - self.bad_ms - self.unseen_ms) * MILLION >= target_ppm * self.total_ms:
            return Verdict.MET
        if self.total_ms and (self.total_ms - self.bad_ms) * MILLION < target_ppm * self.total_ms:
            return Verdict.MISSED
        return Verdict.NOT_PROVEN

    def budget_ms(self, target_ppm: int) -> Fraction:
        """How long it may be down in this window and still reach the target."""
        return Fraction((MILLION - target_ppm) * self.total_ms, MILLION)

    def budget_used(self, target_ppm: int) -> Fraction | None:
        """The share of the budget that is spent, more than 1 when it is overspent; None without a budget."""
        budget = self.budget_ms(target_ppm)
        return Fraction(self.bad_ms) / budget if budget else None

    def shortfall_ms(self, target_ppm: int) -> int:
        """Bad time beyond the budget, rounded up to a millisecond; 0 while the budget lasts."""
        return max(0, -((self.budget_ms(target_ppm) - self.bad_ms) // 1))


def availability(
    members: Mapping[Hashable, Life],
    windows: Sequence[Window],
    *,
    life: tuple[datetime, datetime | None],
    now: datetime,
    terms: Sequence[Terms] = (),
    excluded: Iterable[Stretch] = (),
    maintenance: Iterable[Stretch] = (),
    adjusted: Sequence[Adjustment] = (),
    degraded_is_down: bool = False,
) -> list[Figures]:
    """What a service came to in each window, in their order. Windows may overlap; each is computed on its own.

    members: for each monitor of the service, by any key, the spans that tile its life (in any order, never two at one
    instant), cut to `now`, or the same as Pieces. Give what reaches from the first window's start to the last one's end.
    life: from when to when the service is in scope; what no monitor saw of it is unknown. Nothing after `now` counts.
    terms: how members make the service, the first ones for all time before them too; without any, all of them must
    be up. excluded: planned work that qualifies, merged here. maintenance: planned work of any standing.
    adjusted: corrections, a later one over an earlier one.
    """
    pieces = service_pieces(members, terms, adjusted, degraded_is_down=degraded_is_down)
    subject = _Subject(
        pieces=pieces,
        starts=[piece[0] for piece in pieces],
        begins=ms_of(life[0]),
        ends=ms_of(life[1]) if life[1] else None,
        excluded=merged(in_ms(excluded)),
        maintenance=merged(in_ms(maintenance)),
        adjusted=merged(in_ms((one.start, one.end) for one in adjusted if one.member in members)),
        bad=(DOWN, DEGRADED) if degraded_is_down else (DOWN,),
    )
    return [_figures(window, subject, now) for window in windows]


def percent(ratio: Fraction | None, digits: int = MOST_DIGITS) -> str:
    """A ratio in percent, truncated and never rounded: 0.998999 with two digits is 99.89. "" for None."""
    if ratio is None:
        return ""
    scaled = ratio * 100 * 10**digits // 1
    whole, rest = divmod(abs(scaled), 10**digits)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def ratio_text(ratio: Fraction | None, digits: int = MOST_DIGITS + 2) -> str:
    """The same as a fraction of 1, as evidence writes it: 0.998136. "" for None."""
    return percent(ratio / 100, digits) if ratio is not None else ""


def digits_for(interval_s: float, total_ms: int) -> int:
    """How many digits of a percentage checks so far apart can support: 2 for a month of checks a minute apart."""
    digits = 0
    while digits < MOST_DIGITS and interval_s * 1000 * 100 * 10 ** (digits + 1) <= total_ms:
        digits += 1
    return digits


@dataclass(frozen=True, slots=True)
class _Subject:
    """All that figures are computed from, in milliseconds. starts: where the pieces begin. bad: states that count."""

    pieces: list[Piece]
    starts: list[int]
    begins: int
    ends: int | None
    excluded: list[tuple[int, int]]
    maintenance: list[tuple[int, int]]
    adjusted: list[tuple[int, int]]
    bad: tuple[str, ...]


def _figures(window: Window, of: _Subject, now: datetime) -> Figures:
    opens, closes = ms_of(window.start), ms_of(window.end)
    ends = closes if of.ends is None else min(closes, of.ends)
    start, end = max(opens, of.begins), min(ends, ms_of(now))
    running, degraded_is_down = now < window.end, DEGRADED in of.bad
    if start >= end:
        return Figures(window, None, None, True, running, degraded_is_down)
    inside = within(of.excluded, start, end)
    kept = without(inside, start, end)
    total = length(kept)
    held, outages = _sums(of, kept)
    lost = _sums(of, inside)[0] if inside else {}
    return Figures(
        window=window,
        life_from=instant_of(start),
        life_to=instant_of(end),
        partial=start > opens or ends < closes,
        in_progress=running,
        degraded_is_down=degraded_is_down,
        total_ms=total,
        up_ms=held.get(UP, 0),
        degraded_ms=held.get(DEGRADED, 0),
        down_ms=held.get(DOWN, 0),
        # what is left is unknown, written so or not: nobody saw the time in which no monitor lived either
        unknown_ms=total - sum(held.get(state, 0) for state in (UP, DEGRADED, DOWN, PAUSED)),
        paused_ms=held.get(PAUSED, 0),
        excluded_ms=length(inside),
        down_excluded_ms=sum(lost.get(state, 0) for state in of.bad),
        maintenance_ms=length(within(of.maintenance, start, end)),
        adjusted_ms=length(within(of.adjusted, start, end)),
        outages=len(outages),
        longest_outage_ms=max(outages, default=0),
    )


def _sums(of: _Subject, stretches: list[tuple[int, int]]) -> tuple[dict[str, int], list[int]]:
    """Milliseconds in each state inside the stretches, and the counted length of each run of bad time."""
    held: dict[str, int] = {}
    runs: dict[int, int] = {}
    for start, end in stretches:
        at = max(bisect_right(of.starts, start) - 1, 0)
        while at < len(of.pieces) and of.pieces[at][0] < end:
            begins, ends, state = of.pieces[at]
            took = min(end, ends) - max(start, begins)
            if took > 0:
                held[state] = held.get(state, 0) + took
                if state in of.bad:
                    first = _run(of, at)
                    runs[first] = runs.get(first, 0) + took
            at += 1
    return held, list(runs.values())


def _run(of: _Subject, at: int) -> int:
    """The first piece of the run of bad time that a piece is in."""
    while at and of.pieces[at - 1][2] in of.bad and of.pieces[at - 1][1] == of.pieces[at][0]:
        at -= 1
    return at


__all__ = [
    "MILLION",
    "POLICY",
    "Adjustment",
    "Figures",
    "Kind",
    "Span",
    "Stretch",
    "Terms",
    "Verdict",
    "Window",
    "availability",
    "digits_for",
    "percent",
    "ratio_text",
]
