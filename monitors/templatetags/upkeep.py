"""Words of maintenance windows in templates. `{% load upkeep %}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ledger.texts import REMOVED

register = template.Library()

# a window's standing is no state of a monitor: it borrows the shapes, and has words of its own
STANDINGS = {
    "planned": ("unknown", "Waits for approval"),
    "approved": ("maintenance", "Approved"),
    "active": ("maintenance", "In progress"),
    "extended": ("maintenance", "Extended"),
    "ended": ("paused", "Over"),
    "ended_early": ("paused", "Ended early"),
    "cancelled": ("paused", "Cancelled"),
    "superseded": ("paused", "Replaced"),
    "lapsed": ("paused", "Never approved"),
}
NAMES_SHOWN = 4


@register.simple_tag
def standing(name: str) -> SafeString:
    """Where a window stands, as shape and word."""
    shape, word = STANDINGS[name]
    return format_html(
        '<span class="state is-{0}"><svg class="mark" aria-hidden="true"><use href="#m-{0}"/></svg>{1}</span>',
        shape,
        word,
    )


@register.simple_tag
def covered_names(ids: Sequence[str], names: Mapping[str, str]) -> str:
    """`Checkout, Refunds and 3 more`."""
    known = [names.get(one, one) for one in ids]
    more = len(known) - NAMES_SHOWN
    return ", ".join(known[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


@register.simple_tag
def in_zone(start: datetime, end: datetime, zone_name: str) -> str:
    """`Sun 29 Mar 2026, 02:00 to 04:00` in a zone; the second day is named when it is another."""
    zone = ZoneInfo(zone_name)
    first, last = start.astimezone(zone), end.astimezone(zone)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%a} {last.day} {last:%b}, {last:%H:%M}"
    return f"{first:%a} {first.day} {first:%b %Y}, {first:%H:%M} to {until}"


@register.simple_tag
def reason_of(sha: str | None, known: Mapping[str, str]) -> str:
    """The words of a kept reason."""
    return known.get(sha, REMOVED) if sha else ""
