"""How people are reached, in words for templates. `{% load reach %}`."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from accounts.contact_rules import URGENCIES
from accounts.durations import spell_duration
from accounts.models import ContactMethod
from oncall.exercisewords import CAME_TO
from oncall.models import Exercise, Page
from oncall.models.exercises import MISSED
from oncall.notify.names import title_of
from oncall.proofs import took
from oncall.reached import contact_name
from oncall.reachwords import HOW, WHY, after_words
from oncall.readiness import Fault
from oncall.testwords import how_words, result

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


@register.filter
def proved(how: str) -> str:
    """How a contact was proved: `by link`."""
    return how_words(how)


@register.filter
def outcome(page: Page) -> tuple[str, str]:
    """What came of a test over one contact: a mark and words."""
    seconds = took(page)
    return result(
        page.kind, page.state, page.reason, confirmed_how=page.confirmed_how,
        took="" if seconds is None else spell_duration(seconds), ended=page.ended_at is not None,
    )  # fmt: skip


@register.filter
def came_to(exercise: Exercise) -> tuple[str, str]:
    """What a canary or a drill came to: a mark and words."""
    if exercise.outcome == MISSED and exercise.answered_at:
        return "delivered", "answered too late"
    return CAME_TO[exercise.outcome]


@register.filter
def contact(held: ContactMethod) -> str:
    """A contact as everybody may read it: `Phone (SMS) +44 … 01 (private)`."""
    return f"{held.get_kind_display()} {contact_name(held)}"
