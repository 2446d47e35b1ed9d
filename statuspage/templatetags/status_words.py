"""Customers' words in templates: `{% load status_words %}`."""

from __future__ import annotations

from django import template

from statuspage.states import IMPACTS, STATUSES, WORDS

register = template.Library()


@register.filter
def state_words(state: str) -> str:
    """`Not working` for `down`."""
    return WORDS[state]


@register.filter
def state_mark(state: str) -> str:
    """The symbol of a state."""
    return f"m-{state}"


@register.filter
def status_words(status: str) -> str:
    """`Identified` for `identified`."""
    return STATUSES.get(status, status)


@register.filter
def impact_words(impact: str) -> str:
    """`Working again` for `up`."""
    return IMPACTS.get(impact, impact)


@register.filter
def city_time(zone_name: str) -> str:
    """`Berlin time` for Europe/Berlin, `UTC` for UTC."""
    city = zone_name.rsplit("/", 1)[-1].replace("_", " ")
    return city if city == "UTC" else f"{city} time"
