"""Forms of exercises: whom the canary goes to and when, and why a policy is paged as a drill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from accounts.contact_rules import HIGH, URGENCIES
from accounts.forms.changes import ChangeForm

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class CanaryForm(ChangeForm):
    """The canary. Its time is on the wall of the organisation's zone."""

    target = forms.ChoiceField(
        label="Who gets it",
        required=False,
        help_text="A person, or whoever is on call for a schedule. A robot will do: an account whose webhook posts to the answer_url.",
    )
    at = forms.CharField(label="At", max_length=5, help_text="Such as 10:00.")
    days = forms.MultipleChoiceField(
        label="On", choices=[(str(n), day) for n, day in enumerate(DAYS)], widget=forms.CheckboxSelectMultiple
    )
    minutes = forms.IntegerField(
        label="Confirmed within, minutes",
        min_value=1,
        max_value=360,
        help_text="Unanswered for so long, it was missed.",
    )
    field_order = ("target", "at", "days", "minutes", "reason", "version")

    def __init__(self, *args: Any, targets: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [("", "Nobody: no canary is sent"), *targets]  # type: ignore[attr-defined]


class DrillForm(forms.Form):
    """Why a policy is paged."""

    reason = forms.CharField(label="Why", required=False, max_length=1000, help_text="Kept as evidence.")
    urgency = forms.ChoiceField(label="Urgency", choices=list(URGENCIES.items()), initial=HIGH)
