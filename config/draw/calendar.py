"""An axis of days on the wall of a zone: calendars of weeks, where a day has 23, 24 or 25 hours."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from html import escape

from config.draw.axis import Axis, Tick, short, svg

DAY = timedelta(days=1)
# up to so many days each has its label; more than that, each Monday
EVERY_DAY = 15


def day_axis(start: datetime, end: datetime, zone: tzinfo, now: datetime | None) -> Axis:
    """The span [start, end) ruled at each midnight of `zone`, or at each Monday's where there are many."""
    inside = now if now is not None and start <= now < end else None
    return Axis(start, end, inside, tuple(_ticks(start, end, zone)))


def day_labels(axis: Axis, zone: tzinfo, height: int = 24) -> str:
    """The days in words, each to the right of its line; today stands out."""
    today = axis.now.astimezone(zone).date() if axis.now else None
    few = axis.end - axis.start <= EVERY_DAY * DAY
    out = [axis.grid(height)]
    for tick in axis.marks:
        day = tick.at.astimezone(zone).date()
        now_in = today is not None and (day == today if few else day <= today < day + 7 * DAY)
        css = ' class="t-strong"' if now_in else ""
        out.append(f'<text{css} x="{short(axis.x(tick.at))}%" dx="5" y="{height - 7}">{escape(tick.text)}</text>')
    return svg("".join(out), "", height)


def _ticks(start: datetime, end: datetime, zone: tzinfo) -> list[Tick]:
    few = end - start <= EVERY_DAY * DAY
    local = start.astimezone(zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0, fold=0)
    found = []
    while (at := local.replace(tzinfo=zone)) < end:
        if at >= start and (few or local.weekday() == 0):
            found.append(Tick(at, f"{local:%a} {local.day}" if few else f"{local.day} {local:%b}"))
        local += DAY
    return found
