"""One span of time, its horizontal scale in percent, its grid, its labels and the blue line that is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape
from typing import NamedTuple

STEPS = tuple(
    timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 86400)
)
MOST_LABELS = 7
NOW_KEEPS_CLEAR = 12.5  # percent on both sides: half of "now 03:14" and half a label on an axis of 490 px


class Tick(NamedTuple):
    """One labelled point of an axis."""

    at: datetime
    text: str


def short(x: float) -> str:
    """`x` with at most two decimals and no trailing zeros: coordinates make up most of a drawing's bytes."""
    return f"{x:.2f}".rstrip("0").rstrip(".")


def svg(content: str, label: str, height: int) -> str:
    """A full-width drawing of `height` px named by `label`; without a label it is decoration and hidden."""
    named = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return f'<svg class="strip" width="100%" height="{height}" {named}>{content}</svg>'


@dataclass(frozen=True)
class Axis:
    """The half-open span [start, end) and, if it lies inside, now. Instants are aware; x is percent of the width."""

    start: datetime
    end: datetime
    now: datetime | None = None
    marks: tuple[Tick, ...] = ()

    def x(self, at: datetime) -> float:
        """Percent from the left edge; instants outside the span sit on its edge."""
        share = (at - self.start) / (self.end - self.start) * 100
        return min(100.0, max(0.0, share))

    def grid(self, height: int) -> str:
        """One hairline a tick."""
        return "".join(_upright("l-grid", self.x(tick.at), height) for tick in self.marks)

    def now_line(self, height: int) -> str:
        """The one blue line: left of it is recorded, right of it is planned."""
        return "" if self.now is None else _upright("l-now", self.x(self.now), height)

    def labels(self, height: int = 22, now_label: str = "") -> str:
        """The words of the axis. A label too close to now gives way to it; every second one hides on a phone."""
        out = []
        now_x = None if self.now is None or not now_label else self.x(self.now)
        for i, tick in enumerate(self.marks):
            x = self.x(tick.at)
            if now_x is not None and abs(x - now_x) < NOW_KEEPS_CLEAR:
                continue
            crowded = now_x is not None and abs(x - now_x) < 21
            alt = ' class="alt"' if crowded or (i % 2 and i < len(self.marks) - 1) else ""
            out.append(
                f'<text{alt} x="{short(x)}%" y="{height - 6}" text-anchor="{_anchor(x)}">{escape(tick.text)}</text>'
            )
        if now_x is not None:
            out.append(
                f'<text class="t-now" x="{short(now_x)}%" y="{height - 6}" text-anchor="{_anchor(now_x, 5)}">{escape(now_label)}</text>'
            )
        return svg("".join(out), "", height)


def _upright(css: str, x: float, height: int) -> str:
    return f'<line class="{css}" x1="{short(x)}%" x2="{short(x)}%" y1="0" y2="{height}"/>'


def _anchor(x: float, edge: float = 2) -> str:
    return "start" if x < edge else "end" if x > 100 - edge else "middle"


def clock_ticks(start: datetime, end: datetime, zone: tzinfo, most: int = MOST_LABELS) -> tuple[Tick, ...]:
    """Round clock times of `zone` inside [start, end], at most `most`, labelled 18:00; days apart, 16 Mar.

    Steps are counted on the wall clock, so that labels stay round across a change of summer time.
    """
    step = next((s for s in STEPS if (end - start) / s <= most), STEPS[-1])
    local = start.astimezone(zone).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + ((local - midnight) // step) * step
    out = []
    while (instant := at.replace(tzinfo=zone)) <= end:
        if instant >= start:
            text = f"{at:%d %b}".lstrip("0") if step >= timedelta(days=1) else f"{at:%H:%M}"
            out.append(Tick(instant, text))
        at += step
    return tuple(out)
