"""Forms of badges."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from monitors.models.badges import shows_choices
from monitors.services.badges import LABEL_MAX

Choices = list[tuple[str, str]]


class BadgeForm(ChangeForm):
    """A badge that exists."""

    label = forms.CharField(max_length=LABEL_MAX, help_text="All that strangers read of what it is about.")
    shows = forms.ChoiceField(choices=shows_choices)
    field_order = ("label", "shows", "reason", "version")


class NewBadgeForm(BadgeForm):
    """A badge that does not exist yet."""

    subject = forms.ChoiceField(label="Of", help_text="A service, or one of its monitors.")
    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]
    field_order = ("subject", "label", "shows", "version")

    def __init__(self, *args: Any, subjects: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = subjects  # type: ignore[attr-defined]
        self.fields["label"].required = False
        self.fields["label"].help_text = "All that strangers read of what it is about; empty for its name."
