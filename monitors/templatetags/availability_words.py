"""Availability in templates: `{% load availability_words %}`. Figures are cut off, never rounded."""

from __future__ import annotations

from fractions import Fraction

from django import template

from monitors.agreed import percent_of, spelled
from monitors.agreements import Period, Uptime
from monitors.availability import Verdict, percent
from monitors.promises import Kept

register = template.Library()
# the names under which the house draws verdicts
MARKS = {Verdict.MET: "met", Verdict.MISSED: "missed", Verdict.NOT_PROVEN: "unproven"}


@register.filter
def shown(period: Period | Uptime, name: str) -> str:
    """A ratio of a period, `{{ one|shown:"measured" }}`: as many digits as its checks support."""
    told = period.shown(name)
    return told if told == "–" else f"{told} %"


@register.filter
def share(ratio: Fraction | None) -> str:
    """A ratio as whole percent: `37 %`; a dash for None."""
    return f"{percent(ratio, 0)} %" if ratio is not None else "–"


@register.filter
def cut(ratio: Fraction | None, checks: int) -> str:
    """A share of so many checks, with the digits they support: `99.1 %` of 5,000; a dash for None."""
    return f"{percent(ratio, digits_of(checks))} %" if ratio is not None else "–"


@register.filter
def plot_of(kept: Kept) -> tuple[float, float, float, float, float] | None:
    """Low, measured, high, target and where the drawing begins, in percent; None if there is nothing to draw."""
    held = kept.slowest
    if held.low is None or held.high is None:
        return None
    target = kept.share_ppm / 10_000
    share = held.high if held.share is None else held.share
    return (
        float(held.low * 100),
        float(share * 100),
        float(held.high * 100),
        target,
        max(0.0, 100 - 4 * max(100 - target, 0.01)),
    )


def digits_of(checks: int) -> int:
    """How many digits of a percentage so many checks can support: one check is 0.01 % of ten thousand."""
    return max(0, min(4, len(str(checks)) - 3))


@register.filter
def target(ppm: int) -> str:
    """`99.9 %` for 999000."""
    return f"{percent_of(ppm)} %"


@register.filter
def length(ms: int) -> str:
    """Milliseconds as `43 min 12 s`."""
    return spelled(ms)


@register.filter
def verdict_mark(verdict: Verdict) -> str:
    """How a verdict is drawn; "" for a window that still runs."""
    return MARKS.get(verdict, "")
