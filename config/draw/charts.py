"""Curves and figures: latency, a spark line, uptime against its target, the phases of one check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from config.draw.axis import Axis, short, svg
from config.draw.strips import hatch

Values = Sequence[float | None]
NAME_HEIGHT = 13  # of a curve's name


class Series(NamedTuple):
    """One curve: its name beside it, the class of its line, its values evenly spaced; None is a gap, never joined."""

    name: str
    css: str
    values: Values


class Band(NamedTuple):
    """A stretch behind the curves, in percent: k-unknown was unwatched, k-down failed."""

    start: float
    end: float
    text: str
    css: str


class Phase(NamedTuple):
    """One phase of a check: name, start and length in milliseconds, class of its bar, words at the right."""

    name: str
    start: float
    length: float
    css: str
    text: str


def _path(values: Values, x_step: float, height: float, high: float, *, x0: float = 0, y0: float = 0) -> str:
    """The `d` of a curve from top `y0` to `y0 + height`; None lifts the pen."""
    path, pen = "", False
    for i, value in enumerate(values):
        if value is None:
            pen = False
            continue
        path += f"{'L' if pen else 'M'}{short(x0 + i * x_step)} {short(y0 + height * (1 - value / high))}"
        pen = True
    return path


def spark(values: Values, label: str, width: int = 96, height: int = 18) -> str:
    """A latency line without an axis; the figure beside it gives the scale. Gaps stay gaps."""
    seen = [v for v in values if v is not None]
    hi = (max(seen) * 1.05 if seen else 1) or 1
    path = _path(values, (width - 1) / max(1, len(values) - 1), height - 3, hi, x0=0.5, y0=1.5)
    return f'<svg class="strip-fixed" width="{width}" height="{height}" role="img" aria-label="{escape(label)}"><path class="line l-ink-2" d="{path}"/></svg>'


def chart(
    series: Sequence[Series],
    label: str,
    *,
    axis: Axis,
    high: float,
    height: int = 160,
    rows: Iterable[tuple[float, str]] = (),
    bands: Iterable[Band] = (),
    limit: tuple[float, str] | None = None,
) -> str:
    """Curves over one axis: labels on the curve, the limit as a dashed line with its words, gaps hatched.

    `high` is the value at the top; `rows` are (value, words) of the grid. A table with the same figures
    belongs behind it (components/chart.html).
    """
    top, plot = 8, height - 32
    y = {v: top + plot - plot * v / high for v, _ in (*rows, *((limit,) if limit else ()))}
    under = [f'<line class="l-grid" x1="0" x2="100%" y1="{short(y[v])}" y2="{short(y[v])}"/>' for v, _ in rows]
    over = [
        f'<text x="100%" y="{short(y[v] - 3)}" class="t-s halo-paper" text-anchor="end">{escape(text)}</text>'
        for v, text in rows
    ]
    for band in bands:
        under.append(
            f'<rect class="{band.css}" x="{short(band.start)}%" y="{top}" width="{short(band.end - band.start)}%" height="{plot}"{hatch(band.css)}/>'
        )
        if band.text:
            over.append(
                f'<text class="t-s t-2 halo-paper" x="{short(band.start)}%" dx="-4" y="{top + 9}" text-anchor="end">{escape(band.text)}</text>'
            )
    if limit:
        at = short(y[limit[0]])
        under.append(f'<line class="l-limit" x1="0" x2="100%" y1="{at}" y2="{at}"/>')
        over.append(f'<text class="t-s t-degraded" x="4%" y="{short(y[limit[0]] - 4)}">{escape(limit[1])}</text>')
    curves = "".join(
        f'<path class="line {s.css}" d="{_path(s.values, 1000 / max(1, len(s.values) - 1), 100, high)}"/>'
        for s in series
    )
    named = [(next((v for v in one.values if v is not None), None), one.name) for one in series]
    lowest: float = height
    for first, name in sorted((first, name) for first, name in named if first is not None and name):
        # a name that would stand on the one below it moves up
        lowest = min(top + plot - plot * first / high - 6, lowest - NAME_HEIGHT)
        over.append(f'<text class="t-s t-ink halo-paper" x="4" y="{short(lowest)}">{escape(name)}</text>')
    inner = f'<svg x="0" y="{top}" width="100%" height="{plot}" viewBox="0 0 1000 100" preserveAspectRatio="none">{curves}</svg>'
    return svg("".join(under) + inner + "".join(over) + _foot(axis, top + plot, height), label, height)


def _foot(axis: Axis, base: int, height: int) -> str:
    out = [f'<line class="l-axis" x1="0" x2="100%" y1="{base + 0.5}" y2="{base + 0.5}"/>']
    for i, tick in enumerate(axis.marks):
        x = axis.x(tick.at)
        anchor = "start" if x < 2 else "end" if x > 98 else "middle"
        alt = ' class="alt"' if i % 2 and len(axis.marks) > 4 else ""
        out.append(
            f'<line class="l-axis" x1="{short(x)}%" x2="{short(x)}%" y1="{base}" y2="{base + 5}"/>'
            f'<text{alt} x="{short(x)}%" y="{height - 4}" text-anchor="{anchor}">{escape(tick.text)}</text>'
        )
    return "".join(out)


def range_plot(
    low: float,
    measured: float,
    high: float,
    target: float,
    label: str,
    *,
    floor: float,
    width: int = 180,
    height: int = 18,
) -> str:
    """Uptime in percent as low, measured and high against its target, from `floor` to 100."""

    def x(value: float) -> float:
        return min(width - 2.0, max(2.0, (value - floor) / (100 - floor) * (width - 4) + 2))

    middle = height / 2
    return (
        f'<svg class="strip-fixed" width="{width}" height="{height}" role="img" aria-label="{escape(label)}">'
        f'<line class="l-grid" x1="0" x2="{width}" y1="{middle}" y2="{middle}"/>'
        f'<rect fill="url(#hatch)" class="k-unknown" x="{short(x(low))}" y="{middle - 3}" width="{short(max(1.5, x(high) - x(low)))}" height="6"/>'
        f'<line class="l-now" x1="{short(x(target))}" x2="{short(x(target))}" y1="0" y2="{height}"/>'
        f'<rect class="k-ink" x="{short(x(measured) - 1.5)}" y="{middle - 5}" width="3" height="10"/></svg>'
    )


def waterfall(phases: Sequence[Phase], label: str) -> str:
    """The phases of one check under one another, each starting where it started."""
    total = max((p.start + p.length for p in phases), default=0) or 1
    row, out = 22, []
    for i, (name, start, length, css, text) in enumerate(phases):
        y = i * row
        x, width = 24 + start / total * 58, max(0.3, length / total * 58)
        out.append(
            f'<line class="l-grid" x1="0" x2="100%" y1="{y + row - 0.5}" y2="{y + row - 0.5}"/>'
            f'<text class="t-ink" x="0" y="{y + 15}">{escape(name)}</text>'
            f'<rect class="{css}" x="{short(x)}%" y="{y + 6}" width="{short(width)}%" height="10"/>'
            f'<text class="t-2" x="100%" y="{y + 15}" text-anchor="end">{escape(text)}</text>'
        )
    return svg("".join(out), label, row * len(phases))
