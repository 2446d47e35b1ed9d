"""The seals on the ruler: a tick a day, quiet days hollow, a missing day full height with its words beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

from django.utils.safestring import SafeString, mark_safe

from evidence.queries.sealed import DayMark

BASE = 36.0  # where the axis lies, in pixels from above
HEIGHT = 54
# class, height, and whether it is drawn as an outline
SHAPES = {
    "sealed": ("k-ink-2", 10.0, False),
    "quiet": ("seal-quiet", 9.0, True),
    "due": ("k-none", 9.0, True),
    "missing": ("k-missing", 31.0, True),
}


def ruler_drawing(days: Sequence[DayMark]) -> SafeString:
    """One <svg>; "" before the first seal."""
    if not days:
        return mark_safe("")
    each = 100 / len(days)
    out = [_tick(mark, at * each, each) for at, mark in enumerate(days)]
    out.append('<line class="l-axis" x1="0" x2="100%" y1="36.5" y2="36.5"/>')
    out += _months(days, each) + _missing(days, each)
    label = escape(ruler_sentence(days))
    return mark_safe(  # noqa: S308 - our own shapes; every word went through escape()
        f'<svg class="strip" width="100%" height="{HEIGHT}" role="img" aria-label="{label}">{"".join(out)}</svg>'
    )


def ruler_sentence(days: Sequence[DayMark]) -> str:
    """`Daily seals since 1 January 2026: 74 of 75 days sealed, 10 February missing.`"""
    if not days:
        return ""
    over = [mark for mark in days if mark.state != "due"]
    sealed = sum(mark.state != "missing" for mark in over)
    said = f"Daily seals since {_day(days[0].day)} {days[0].day.year}: {sealed} of {len(over)} days sealed"
    missing = [_day(mark.day) for mark in over if mark.state == "missing"]
    if not missing:
        return f"{said}."
    named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    return f"{said}, {named} missing."


def _tick(mark: DayMark, x: float, each: float) -> str:
    css, height, hollow = SHAPES[mark.state]
    y = BASE - height + (0.5 if hollow else 0)
    place = (
        f'x="{x + each * 0.08:.2f}%" y="{y:g}" width="{each * 0.8:.2f}%" height="{height - (0.5 if hollow else 0):g}"'
    )
    return f'<rect class="{css}" {place}><title>{escape(_title(mark))}</title></rect>'


def _title(mark: DayMark) -> str:
    said = {
        "sealed": f"sealed, {mark.entries:,} {'line' if mark.entries == 1 else 'lines'}",
        "quiet": "sealed, nothing happened",
        "due": "sealed after 00:10 UTC of the next day",
        "missing": "no seal",
    }
    return f"{_day(mark.day)}: {said[mark.state]}"


def _months(days: Sequence[DayMark], each: float) -> list[str]:
    named = [(at, mark.day) for at, mark in enumerate(days) if mark.day.day == 1]
    # the first month is named only where its name does not run into the next one
    if days[0].day.day != 1 and (not named or named[0][0] * each > 15):
        named.insert(0, (0, days[0].day))
    return [
        f'<line class="l-axis" x1="{at * each:.2f}%" x2="{at * each:.2f}%" y1="36" y2="44"/>'
        f'<text x="{at * each:.2f}%" dx="4" y="51">{day:%B}</text>'
        for at, day in named
        if at * each < 90
    ]


def _missing(days: Sequence[DayMark], each: float) -> list[str]:
    """Words beside the first missing day: a colour and a height alone are not enough."""
    at = next((at for at, mark in enumerate(days) if mark.state == "missing"), None)
    if at is None:
        return []
    x = at * each
    anchor, dx, edge = ("end", -6, x) if x > 50 else ("start", 6, x + each)
    words = escape(f"{_day(days[at].day)} missing")
    return [f'<text class="t-down halo-paper" x="{edge:.2f}%" dx="{dx}" y="14" text-anchor="{anchor}">{words}</text>']


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"
