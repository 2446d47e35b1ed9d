"""Times on the wall of a schedule's zone, and what they are for who reads. `{% load rota %}`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from oncall import effectwords
from oncall.bands import Stretch, override_words
from oncall.effectwords import Line
from oncall.layerwords import hours_words, rotation_words
from oncall.models import Override, ScheduleLayer
from oncall.rota.clock_changes import ClockChange, change_words
from oncall.rota.effects import Effects
from oncall.rota.words import moment, names
from oncall.schedules import override_value

register = template.Library()


@register.simple_tag(takes_context=True)
def wall(context: Context, at: datetime, zone: str) -> SafeString:
    """`Mon 12 Jan 09:00` on the wall of `zone`, UTC in the title; the year where it is another than now's."""
    return _time(at, moment(at, ZoneInfo(zone), _year(context, zone)))


@register.simple_tag(takes_context=True)
def mine(context: Context, at: datetime, zone: str) -> SafeString | str:
    """The same instant for who reads, `03:00 Toronto`, where their clock shows another time than that of `zone`."""
    reader = timezone.get_current_timezone()
    local, there = at.astimezone(reader), at.astimezone(ZoneInfo(zone))
    if local.utcoffset() == there.utcoffset():
        return ""
    day = f"{local:%a} " if local.date() != there.date() else ""
    return format_html('<span class="quiet mine">{}{} {}</span>', day, f"{local:%H:%M}", city(str(reader)))


@register.simple_tag(takes_context=True)
def both(context: Context, at: datetime, zone: str) -> SafeString:
    """The time in the schedule's zone, and the reader's behind it if it is another."""
    other = mine(context, at, zone)
    return format_html("{} {}", wall(context, at, zone), other) if other else wall(context, at, zone)


@register.filter
def city(zone: str) -> str:
    """`Berlin` for Europe/Berlin."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


@register.filter
def people(found: Any) -> str:
    """`Ana and Ben`, `nobody`: of a shift, or of people."""
    return names(getattr(found, "people", found) or ())


@register.filter
def clocks(change: ClockChange) -> str:
    """`Sun 29 Mar 2026: 02:00 becomes 03:00`."""
    return change_words(change)


@register.filter
def turns(layer: ScheduleLayer) -> str:
    """`every week`: when a rotation hands over."""
    return rotation_words(layer.unit, layer.lengths)


@register.filter
def hours(layer: ScheduleLayer) -> str:
    """`Mon to Fri 09:00 to 17:00`: in which hours a rotation counts."""
    return hours_words(layer.restrictions)


@register.filter
def stamp(at: datetime) -> str:
    """An instant as it stands in an address: `2026-03-16T08:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@register.filter
def span(one: Stretch) -> timedelta:
    """How long a stretch is."""
    return one.end - one.start


@register.filter
def has(one: Stretch, user: User) -> bool:
    """Whether somebody is on call in a stretch."""
    return any(person.id == user.public_id for person in one.people or ())


@register.filter
def said_override(row: Override) -> str:
    """`Ana instead of Ben`: what an override does, without its number."""
    return override_words(override_value(row)).partition(" ")[2]


@register.filter
def lines(found: Effects) -> list[Line]:
    """The first changes of an edit, as rows."""
    return effectwords.lines(found)


@register.filter
def more_lines(found: Effects) -> int:
    """How many changes are not among them."""
    return max(len(found.changes) - effectwords.MOST, 0)


@register.filter
def in_hours(length: timedelta) -> str:
    """`117 h`, `7 h 30 min`: hours are what people compare, however many."""
    whole, rest = divmod(int(length.total_seconds()) // 60, 60)
    return f"{whole:,} h" if not rest else f"{whole:,} h {rest} min"


@register.filter
def more_hours(length: timedelta) -> str:
    """`+12 h`, `−7 h`, `0 h`: a difference of hours."""
    sign = "+" if length > timedelta(0) else "−" if length < timedelta(0) else ""
    return f"{sign}{in_hours(abs(length))}"


@register.filter
def final_words(role: str, gaps: list[Stretch]) -> str:
    """What a reader of the drawing is told: whose band it is, and how many holes it has."""
    return f"{role} on call, {len(gaps)} with nobody" if gaps else f"{role} on call, no holes"


def _time(at: datetime, words: str) -> SafeString:
    utc = at.astimezone(UTC)
    stamp, title = f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M:%S}"
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', stamp, title, words)


def _year(context: Context, zone: str) -> int | None:
    now = context.get("now")
    return now.astimezone(ZoneInfo(zone)).year if now else None
