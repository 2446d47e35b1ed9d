"""States, blocks, days and single checks on the ruler. Every function answers one <svg> as text.

Heights: up 0.22, paused 0.12, maintenance 0.6 hollow, degraded 0.65, down 1, unknown 1 hatched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from config.draw.axis import Axis, short, svg

HEIGHT = {
    "up": 0.22,
    "degraded": 0.65,
    "down": 1.0,
    "maintenance": 0.6,
    "paused": 0.12,
    "unknown": 1.0,
    "missing": 1.0,
    "none": 0.22,
}
HOLLOW = ("maintenance", "unknown", "missing")
PERCENT_A_LETTER = 0.75  # of a board 900 px wide
PERCENT_ON_A_PHONE = 2.2  # of one 340 px wide: words that have less room are left out there
STATE_AT_LEAST = 0.15  # percent of the width: a fault of one second in a year is still seen


class Span(NamedTuple):
    """One stretch of a state, half-open."""

    start: datetime
    end: datetime
    state: str


class Block(NamedTuple):
    """One named stretch: a shift, a mute. `css` is k-shift, k-shift-2, k-draft, k-maintenance, k-none or k-unknown.

    title: what its tooltip says; the text without one.
    """

    start: datetime
    end: datetime
    css: str
    text: str
    title: str = ""


class Point(NamedTuple):
    """One event on an axis: a symbol of the sprite, a few words to its right, a class for its colour."""

    at: datetime
    symbol: str
    text: str = ""
    css: str = ""


class Cell(NamedTuple):
    """One day of a wide bar: its worst state, that state's share of the day 0..1, the words of its tooltip."""

    state: str
    share: float
    title: str


def hatch(state: str) -> str:
    """Unwatched time is hatched, so that it is never read as quiet."""
    return ' fill="url(#hatch)"' if state in ("unknown", "k-unknown") else ""


def bar(x: float, width: float, state: str, base: int) -> str:
    """One stretch standing on the line at `base` px; x and width in percent."""
    height: float = max(2, round(HEIGHT[state] * (base - 4)))
    y: float = base - height
    if state in HOLLOW:
        y, height = y + 0.5, height - 0.5
    return f'<rect class="k-{state}" x="{short(x)}%" y="{short(y)}" width="{short(max(width, STATE_AT_LEAST))}%" height="{short(height)}"{hatch(state)}/>'


def strip(axis: Axis, spans: Iterable[Span], label: str, height: int = 32) -> str:
    """States over time: the grid, the ruler and the now line. Spans outside the axis are cut at its edges."""
    out = [axis.grid(height)]
    for start, end, state in spans:
        if end > axis.start and start < axis.end:
            out.append(bar(axis.x(start), axis.x(end) - axis.x(start), state, height - 6))
    return svg("".join(out) + axis.now_line(height), label, height)


def blocks(axis: Axis, parts: Iterable[Block], label: str, height: int = 32, pad: int = 5) -> str:
    """Named blocks: shifts, mutes, windows. A nested svg clips each text to its block; the title has the whole."""
    under, over = [axis.grid(height)], []
    inner = height - 2 * pad
    for start, end, css, text, title in parts:
        x, width = axis.x(start), axis.x(end) - axis.x(start)
        if width <= 0:
            continue
        place = f'x="{short(x)}%" y="{pad}" width="{short(width)}%" height="{inner}"'
        under.append(f'<rect class="{css}" {place}{hatch(css)}><title>{escape(title or text)}</title></rect>')
        if text:
            over.append(
                f'<svg {place}><text class="halo t-ink" x="5" y="{inner / 2 + 4:g}">{escape(text)}</text></svg>'
            )
    return svg("".join(under) + axis.now_line(height) + "".join(over), label, height)


def points(axis: Axis, items: Iterable[Point], label: str, height: int = 28) -> str:
    """Events on the axis: a mark each, its words to the right; near the right edge, to the left.

    Words that would run into the next mark are left to the title: `label` and the table behind say them too.
    """
    marks = list(items)
    out = [axis.grid(height), axis.now_line(height)]
    for i, (at, symbol, text, css) in enumerate(marks):
        x = axis.x(at)
        title = f"<title>{escape(text)}</title>" if text else ""
        use = f'<use href="#{symbol}" x="-7" width="14" height="14"/>'
        out.append(
            f'<svg class="{css}" x="{short(x)}%" y="7" width="14" height="14" overflow="visible">{title}{use}</svg>'
        )
        needs = len(text) * PERCENT_A_LETTER + 2
        right = axis.x(marks[i + 1].at) if i + 1 < len(marks) else 100.0
        left = axis.x(marks[i - 1].at) if i else 0.0
        room, place = right - x, 'dx="11"'
        if room <= needs and i + 1 == len(marks):
            room, place = x - left, 'dx="-11" text-anchor="end"'
        if text and room > needs:
            css = "halo-paper t-2" if room > len(text) * PERCENT_ON_A_PHONE + 4 else "halo-paper t-2 roomy"
            out.append(f'<text class="{css}" x="{short(x)}%" {place} y="18">{escape(text)}</text>')
    return svg("".join(out), label, height)


def ticks(axis: Axis, checks: Iterable[tuple[datetime, str]], label: str, height: int = 24) -> str:
    """One tick a check, 3 px wide; (instant, state). A failed check stands taller."""
    out = [axis.grid(height)]
    for at, state in checks:
        tall = max(4, round(HEIGHT[state] * (height - 8)))
        out.append(
            f'<rect class="k-{state}" x="{short(axis.x(at))}%" y="{height - 4 - tall}" width="3" height="{tall}"{hatch(state)}/>'
        )
    return svg("".join(out) + axis.now_line(height), label, height)


def days(states: Sequence[str], label: str, step: int = 3, height: int = 16) -> str:
    """Mini bar: one 2 px tick a day; one path a state keeps 90 days under 700 bytes."""
    paths: dict[str, list[int]] = {}
    for i, state in enumerate(states):
        paths.setdefault(state, []).append(i * step)
    out = []
    for state, xs in paths.items():
        tall = max(2, round(HEIGHT[state] * height))
        if state in (*HOLLOW, "none"):
            out += [
                f'<rect class="k-{state}" x="{a + 0.5}" y="{height - tall + 0.5:g}" width="{b - a + step - 1.5:g}" height="{tall - 1}"{hatch(state)}/>'
                for a, b in _runs(xs, step)
            ]
        else:
            path = "".join(f"M{x} {height}v-{tall}h2v{tall}z" for x in xs)
            out.append(f'<path class="k-{state}" d="{path}"/>')
    return f'<svg class="strip-fixed" width="{len(states) * step}" height="{height}" role="img" aria-label="{escape(label)}">{"".join(out)}</svg>'


def _runs(xs: Sequence[int], step: int) -> list[tuple[int, int]]:
    runs = [(xs[0], xs[0])]
    for x in xs[1:]:
        first, last = runs[-1]
        runs[-1:] = [(first, x)] if x == last + step else [(first, last), (x, x)]
    return runs


def daybar(cells: Sequence[Cell], label: str, height: int = 56, months: Iterable[tuple[int, str]] = ()) -> str:
    """Wide day bar in percent; on it a longer fault is taller. `months` are (index of the day, name)."""
    each, gap, out = 100 / max(1, len(cells)), 0.22, []
    for i, (state, share, title) in enumerate(cells):
        tall = max(3, round(HEIGHT[state] * (height - 2)))
        if state == "down":
            tall = max(round(0.45 * height), round(share * (height - 2)))
        place = f'x="{short(i * each + gap / 2)}%" y="{height - tall}" width="{short(each - gap)}%" height="{tall}"'
        out.append(f'<rect class="k-{state}" {place}{hatch(state)}><title>{escape(title)}</title></rect>')
    out.append(f'<line class="l-axis" x1="0" x2="100%" y1="{height + 0.5}" y2="{height + 0.5}"/>')
    named = list(months)
    for i, text in named:
        x = short(i * each)
        out.append(
            f'<line class="l-axis" x1="{x}%" x2="{x}%" y1="{height}" y2="{height + 6}"/><text x="{x}%" dx="4" y="{height + 15}">{escape(text)}</text>'
        )
    return svg("".join(out), label, height + (20 if named else 2))
