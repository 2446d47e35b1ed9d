"""What people write on the pages of incidents: a declaration, a note."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from incidents.services.work import MAX_NOTE, MAX_TITLE

SEVERITIES = (
    ("1", "SEV1: customers cannot use it"),
    ("2", "SEV2: customers notice it"),
    ("3", "SEV3: they may soon"),
    ("4", "SEV4: nobody has to get up for it"),
)
URGENCIES = (("high", "Now, by phone too"), ("low", "When they next look"))
DATED = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::(\d{2}))?[\s,:]+(?=\S)")


class DeclareForm(forms.Form):
    """A person says that something is wrong."""

    title = forms.CharField(
        max_length=MAX_TITLE,
        label="What is wrong",
        help_text="As a sentence to customers' eyes: Orders cannot be placed.",
        error_messages={"required": "Say in a few words what is wrong."},
    )
    severity = forms.TypedChoiceField(choices=SEVERITIES, coerce=int, initial="2", widget=forms.RadioSelect)
    service = forms.ChoiceField(required=False, help_text="Its route decides who is paged.")
    urgency = forms.ChoiceField(choices=URGENCIES, initial="high", label="Page people")
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE,
        label="What you know so far",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, services: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "No service in particular"), *services]
        self.fields["service"].choices = choices  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A note; one that begins with a time of day is dated back to it."""

    text = forms.CharField(max_length=MAX_NOTE + 16, error_messages={"required": "A note needs words."})


def dated_back(text: str, *, now: datetime) -> tuple[str, datetime | None]:
    """`03:12 rolled back` as (`rolled back`, 03:12 of the page's zone); a time still to come was yesterday.

    Text without a time in front is returned as it is, with None: it happened now.
    """
    found = DATED.match(text)
    if not found:
        return text, None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return text, None
    local = timezone.localtime(now).replace(hour=hour, minute=minute, second=second, microsecond=0)
    if local > now:
        local -= timedelta(days=1)
    return text[found.end() :], local
