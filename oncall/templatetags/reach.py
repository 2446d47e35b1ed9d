"""How people are reached, in words for templates. `{% load reach %}`."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from accounts.contact_rules import URGENCIES
from oncall.notify.names import title_of
from oncall.reachwords import HOW, WHY, after_words
from oncall.readiness import Fault

register = template.Library()


@register.filter
def after(delay_s: int) -> str:
    """`at once`, `after 3 min`."""
    return after_words(delay_s)


@register.filter
def channel(kind: str) -> str:
    """`SMS` for `sms`, `Call` for `voice`."""
    return title_of(kind)


@register.filter
def urgency(name: str) -> str:
    """`High urgency` for `high`."""
    return URGENCIES.get(name, name)


@register.filter
def how(word: str) -> str:
    """How a person is reached: `no rules: all verified contacts`."""
    return HOW.get(word, "by rules")


@register.filter
def reasons(faults: Sequence[Fault]) -> str:
    """Why a channel is not counted on: `+44 … 77 does not work, +44 … 99 not confirmed`."""
    return ", ".join(f"{fault.name} {WHY[fault.reason]}".strip() for fault in faults)
