"""How people are reached, in words for templates. `{% load reach %}`."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from accounts.contact_rules import URGENCIES
from oncall.notify.names import title_of
from oncall.reachwords import HOW, WHY, after_words

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
    return HOW.get(word, "by their rules")


@register.filter
def reasons(words: Sequence[str]) -> str:
    """Why a channel is not counted on: `not confirmed, not in the rules`."""
    return ", ".join(WHY.get(word, word) for word in words)
