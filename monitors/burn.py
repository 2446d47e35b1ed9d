"""Error budgets and how fast they burn: whether somebody must be told. Pure, standard library only; docs/availability.md.

Burn is how many times faster than evenly a budget is spent. It is told of confirmed bad time only, needs two intervals of
it, and stands still while nobody watches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

from monitors.availability import MILLION, Figures

BUDGET_HOURS = 720  # the budget of 30 days
LEAST_INTERVALS = 2


class Loudness(StrEnum):
    """How loud a burn is told."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Alert:
    """One row of the table: burning so fast in both windows spends `spent` of the budget within the long one."""

    loudness: Loudness
    long: timedelta
    short: timedelta
    burn: Fraction
    spent: Fraction


def _alert(loudness: Loudness, long: timedelta, short: timedelta, percent: int) -> Alert:
    spent = Fraction(percent, 100)
    return Alert(loudness, long, short, spent * BUDGET_HOURS / (long // timedelta(hours=1)), spent)


ALERTS = (
    _alert(Loudness.PAGE, timedelta(hours=1), timedelta(minutes=5), 2),
    _alert(Loudness.PAGE, timedelta(hours=6), timedelta(minutes=30), 5),
    _alert(Loudness.TICKET, timedelta(days=3), timedelta(hours=6), 10),
)
WINDOWS: tuple[timedelta, ...] = tuple(sorted({one for alert in ALERTS for one in (alert.long, alert.short)}))


@dataclass(frozen=True, slots=True)
class Burning:
    """What is to be said. frozen: nobody watched, so nothing changes. alert: the loudest that holds; None for none."""

    frozen: bool
    alert: Alert | None = None
    burn: Fraction = Fraction(0)


def burn_of(figures: Figures, target_ppm: int) -> Fraction:
    """How many times faster than evenly the budget was spent in a window; 0 without a window or a budget."""
    length = figures.total_ms
    if not length or target_ppm >= MILLION:
        return Fraction(0)
    return Fraction(figures.bad_ms, length) * MILLION / (MILLION - target_ppm)


def burning(held: Mapping[timedelta, Figures], *, target_ppm: int, interval_s: int, is_open: bool) -> Burning:
    """Whether a budget burns. held: the figures of each of WINDOWS up to now; interval_s: between checks.

    is_open: it was told already. Unknown time in the shortest window freezes what was told; and a window in which too
    little was bad to be sure, less than two intervals, opens nothing, though what is open stays open by it.
    """
    if held[WINDOWS[0]].unseen_ms:
        return Burning(frozen=True)
    for alert in ALERTS:
        long, short = held[alert.long], held[alert.short]
        sure = is_open or long.bad_ms >= LEAST_INTERVALS * interval_s * 1000
        if sure and burn_of(long, target_ppm) >= alert.burn and burn_of(short, target_ppm) >= alert.burn:
            return Burning(False, alert, burn_of(long, target_ppm))
    return Burning(False)


def lasts(burn: Fraction, window: timedelta) -> timedelta | None:
    """How long a budget lasts that burns so fast; None for one that does not burn."""
    return window / float(burn) if burn else None


def loudest(found: Sequence[Burning]) -> Burning:
    """Of several agreements about one service the one to tell; frozen if none burns and any is frozen."""
    burning_ones = [one for one in found if one.alert is not None]
    if burning_ones:
        return min(burning_ones, key=lambda one: ALERTS.index(one.alert) if one.alert else len(ALERTS))
    return Burning(frozen=any(one.frozen for one in found))
