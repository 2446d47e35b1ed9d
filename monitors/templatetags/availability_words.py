"""Availability in templates: `{% load availability_words %}`. Figures are cut off, never rounded."""

from __future__ import annotations

from fractions import Fraction

from django import template

from monitors.agreed import percent_of, spelled
from monitors.agreements import Period, Uptime
from monitors.availability import Verdict, percent

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
