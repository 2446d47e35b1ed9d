"""What every template may say: states, severities, truths, times, lengths and drawings. `{% load watchbook %}`.

Tags answer finished HTML; text given to them is escaped unless it is already safe. Times are printed in the
zone the request runs in (one zone a page) with the UTC instant in the title.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.core.paginator import Page
from django.template import Context
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from config import draw, wording
from config.marks import STATES, TRUTHS, VERDICTS
from config.marks import sprite as sprite_of
from ledger import seal_keys

register = template.Library()

# a clock alone is understood across midnight: what began at 23:58 is not looked for on another day
NIGHT = timedelta(hours=14)


# ---- words and shapes


@register.simple_tag
def sprite(*names: str) -> SafeString:
    """The symbols of a page: all of them, or only those named (the hatch is `hatch`)."""
    return mark_safe(sprite_of(names))


@register.simple_tag
def mark(name: str, css: str = "") -> SafeString:
    """One symbol of the sprite, silent: a word always stands beside it."""
    return format_html('<svg class="{}" aria-hidden="true"><use href="#{}"/></svg>', f"mark {css}".strip(), name)


@register.simple_tag
def state(name: str, word: str = "") -> SafeString:
    """An observed state as shape and word: `{% state monitor.state %}`, `{% state "up" "On time" %}`."""
    css = "down" if name == "verifying" else name
    return format_html('<span class="state is-{}">{}{}</span>', css, mark(f"m-{name}"), word or STATES[name])


@register.filter
def state_word(name: str) -> str:
    """`Down` for `down`."""
    return STATES[name]


@register.simple_tag
def sev(number: int) -> SafeString:
    """A severity badge: weight of ink, never hue."""
    return format_html('<span class="sev sev-{0}">SEV{0}</span>', int(number))


@register.simple_tag
def truth(kind: str, text: Any = "") -> SafeString:
    """One of the four facts known about a page (or failed, none) with its time or its words."""
    if kind not in TRUTHS:
        raise template.TemplateSyntaxError(f"truth is one of {', '.join(TRUTHS)}, not {kind!r}")
    return format_html(
        '<span class="truth truth-{}">{}{}</span>', kind, mark(f"m-{kind}"), conditional_escape(text or kind)
    )


@register.simple_tag
def verdict(kind: str, text: str = "") -> SafeString:
    """Met, missed or not proven. A period still running has no verdict."""
    word, symbol = VERDICTS[kind]
    return format_html('<span class="verdict verdict-{}">{}{}</span>', kind, mark(symbol), text or word)


@register.simple_tag
def seal_fingerprint() -> str:
    """The fingerprint of the key that signs seals: shown to everybody, so that an outsider can note it."""
    return seal_keys.fingerprint()


# ---- time


def _utc(at: datetime) -> datetime:
    if timezone.is_naive(at):
        raise template.TemplateSyntaxError("instants on screen are aware")
    return at.astimezone(UTC)


def _day(at: datetime | date) -> str:
    return f"{at:%d %b}".lstrip("0")


def _shown(at: datetime, form: str, now: datetime | None) -> str:
    local = timezone.localtime(at)
    clock = f"{local:%H:%M}"
    if form == "auto":
        today = timezone.localtime(now).date() if now else None
        if today == local.date() or (now and abs(at - now) < NIGHT):
            return clock
        near = today is not None and abs(local.date() - today) < timedelta(days=6)
        far = "" if today and today.year == local.year else f" {local:%Y}"
        return f"{local:%a} {clock}" if near else f"{_day(local)}{far}, {clock}"
    forms = {
        "clock": clock,
        "second": f"{local:%H:%M:%S}",
        "day": _day(local),
        "date": f"{_day(local)} {local:%Y}",
        "full": f"{local:%a} {_day(local)} {local:%Y}, {local:%H:%M:%S}",
    }
    return forms[form]


@register.simple_tag(takes_context=True)
def when(context: Context, at: datetime | None, form: str = "auto") -> str:
    """A point in time: auto (03:14, Mon 09:00, 12 Mar, 09:00), clock, second, day, date or full; a dash for None."""
    if at is None:
        return "–"
    utc = _utc(at)
    shown = _shown(at, form, context.get("now"))
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        f"{utc:%Y-%m-%d %H:%M:%S}",
        shown,
    )


@register.simple_tag(takes_context=True)
def ago(context: Context, at: datetime | None) -> str:
    """An age, `12 s ago`, kept true by times.js while the page stays open; a dash for None."""
    if at is None:
        return "–"
    utc = _utc(at)
    return format_html(
        '<time datetime="{}" title="{} UTC" data-age>{}</time>',
        f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        f"{utc:%Y-%m-%d %H:%M:%S}",
        wording.age(at, context["now"]),
    )


@register.simple_tag(takes_context=True)
def lasting(context: Context, start: datetime, end: datetime | None = None, units: int = 2) -> str:
    """The length from `start` to `end`, `19 min 20 s`; while it lasts, to now, and times.js goes on counting."""
    if end is not None:
        return wording.length(end - start, units)
    said = wording.length(context["now"] - start, units)
    return format_html(
        '<span class="num" data-since="{}" data-units="{}">{}</span>', f"{_utc(start):%Y-%m-%dT%H:%M:%SZ}", units, said
    )


@register.filter
def spell(span: timedelta | float | None, units: int = 2) -> str:
    """A timedelta or seconds as `5 h 10 min`; a dash for None."""
    return "–" if span is None else wording.length(span, units)


@register.filter
def ms(value: float | None) -> str:
    """Milliseconds as `1,910 ms`; a dash for None."""
    return "–" if value is None else wording.milliseconds(value)


@register.filter
def ratio(percent: Any, places: int = 3) -> str:
    """A percentage truncated, never rounded up."""
    return "–" if percent is None else wording.ratio(percent, places)


@register.filter
def counted(number: int, noun: str) -> str:
    """`{{ 2|counted:"monitor" }}` is `2 monitors`; an odd plural follows a comma: `"person,people"`."""
    singular, _, plural = noun.partition(",")
    return wording.count(number, singular, plural)


@register.filter
def listed(words: Iterable[Any]) -> str:
    """`Ana, Ben and Mara`."""
    return wording.listed([str(word) for word in words])


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any]) -> dict[str, str]:
    """`1 to 40 of 44` and the ways on, from a Paginator's page; other parameters of the address are kept."""
    query = context["request"].GET.copy()

    def way(number: int) -> str:
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    total = page.paginator.count
    shown = f"{page.start_index():,} to {page.end_index():,} of {total:,}" if total else "Nothing to show"
    return {
        "shown": shown,
        "previous": way(page.previous_page_number()) if page.has_previous() else "",
        "next": way(page.next_page_number()) if page.has_next() else "",
        "next_words": f"Next {min(page.paginator.per_page, total - page.end_index())}",
    }


# ---- drawings: plain tuples in, one <svg> out


@register.simple_tag
def axis(start: datetime, end: datetime, now: datetime | None = None) -> draw.Axis:
    """`{% axis start end now as ax %}`: a span with round clock times of the page's zone."""
    inside = now if now is not None and start <= now <= end else None
    return draw.Axis(start, end, inside, draw.clock_ticks(start, end, timezone.get_current_timezone()))


@register.simple_tag
def axis_labels(ax: draw.Axis, height: int = 22) -> SafeString:
    """The words of the axis, with now in blue if it lies inside."""
    label = f"now {timezone.localtime(ax.now):%H:%M}" if ax.now else ""
    return mark_safe(ax.labels(height, label))


@register.simple_tag
def axis_grid(ax: draw.Axis, height: int = 36) -> SafeString:
    """Only the grid and the now line, for the row of a group's title."""
    return mark_safe(draw.strip(ax, (), "", height))


@register.simple_tag
def strip(ax: draw.Axis, spans: Iterable[tuple[datetime, datetime, str]], label: str, height: int = 32) -> SafeString:
    """States over time from (start, end, state)."""
    return mark_safe(draw.strip(ax, (draw.Span(*span) for span in spans), label, height))


@register.simple_tag
def blocks(ax: draw.Axis, parts: Iterable[tuple[Any, ...]], label: str, height: int = 32) -> SafeString:
    """Named stretches from (start, end, class, text[, tooltip])."""
    return mark_safe(draw.blocks(ax, (draw.Block(*part) for part in parts), label, height))


@register.simple_tag
def day_axis(start: datetime, end: datetime, zone: str, now: datetime | None = None) -> draw.Axis:
    """`{% day_axis start end "Europe/Berlin" now as ax %}`: weeks, ruled at the midnights of a zone."""
    return draw.day_axis(start, end, ZoneInfo(zone), now)


@register.simple_tag
def day_labels(ax: draw.Axis, zone: str, height: int = 24) -> SafeString:
    """The days of such an axis in words."""
    return mark_safe(draw.day_labels(ax, ZoneInfo(zone), height))


@register.simple_tag
def points(ax: draw.Axis, items: Iterable[tuple[Any, ...]], label: str, height: int = 28) -> SafeString:
    """Events from (instant, symbol[, text[, class]])."""
    return mark_safe(draw.points(ax, (draw.Point(*item) for item in items), label, height))


@register.simple_tag
def ticks(ax: draw.Axis, checks: Iterable[tuple[datetime, str]], label: str, height: int = 24) -> SafeString:
    """One tick a check from (instant, state)."""
    return mark_safe(draw.ticks(ax, checks, label, height))


@register.simple_tag
def days(states: Sequence[str], label: str) -> SafeString:
    """A mini bar, one tick a day, oldest first."""
    return mark_safe(draw.days(states, label))


@register.simple_tag
def daybar(
    cells: Sequence[tuple[str, float, str]], label: str, months: Iterable[tuple[int, str]] = (), height: int = 56
) -> SafeString:
    """A wide day bar from (worst state, its share of the day, words)."""
    return mark_safe(draw.daybar([draw.Cell(*cell) for cell in cells], label, height, months))


@register.simple_tag
def spark(values: Sequence[float | None], label: str, width: int = 96) -> SafeString:
    """A latency line; None is a gap."""
    return mark_safe(draw.spark(values, label, width))


@register.simple_tag
def chart(
    ax: draw.Axis, series: Sequence[tuple[str, str, Sequence[float | None]]], label: str, high: float, **more: Any
) -> SafeString:
    """Curves from (name, class, values); `rows`, `bands`, `limit`, `height` as in draw.chart."""
    more["bands"] = [draw.Band(*band) for band in more.get("bands", ())]
    return mark_safe(draw.chart([draw.Series(*one) for one in series], label, axis=ax, high=high, **more))


@register.simple_tag
def range_plot(low: float, measured: float, high: float, target: float, label: str, floor: float = 99) -> SafeString:
    """Uptime in percent as low, measured and high against its target."""
    return mark_safe(draw.range_plot(low, measured, high, target, label, floor=floor))


@register.simple_tag
def waterfall(phases: Sequence[tuple[str, float, float, str, str]], label: str) -> SafeString:
    """The phases of one check from (name, start ms, length ms, class, words)."""
    return mark_safe(draw.waterfall([draw.Phase(*phase) for phase in phases], label))
