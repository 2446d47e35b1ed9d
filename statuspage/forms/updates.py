"""What is written to customers: an update, and the correction of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.forms.fields import ReasonField
from statuspage.models import Component
from statuspage.services.updates import TEXT_MAX, TITLE_MAX, Said
from statuspage.states import IMPACTS, STATUSES

NOT_AFFECTED = ("", "Not affected")


class UpdateForm(forms.Form):
    """An update for the components of one page; each of them is a field `impact-<id>`."""

    title = forms.CharField(
        max_length=TITLE_MAX, label="What is wrong", help_text="In customers' words: Orders cannot be placed."
    )
    status = forms.ChoiceField(choices=list(STATUSES.items()), label="How far you are")
    text = forms.CharField(
        max_length=TEXT_MAX,
        label="What customers read",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What they notice, what you do about it, when they hear more. No names, no addresses.",
    )
    occurred_at = forms.DateTimeField(
        required=False,
        label="Time",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Empty for now. For another one customers read when it was written, too.",
    )

    def __init__(self, *args: Any, components: Iterable[Component], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.impact_names = []
        for one in components:
            self.impact_names.append(f"impact-{one.public_id}")
            choices = [NOT_AFFECTED, *IMPACTS.items()]
            self.fields[self.impact_names[-1]] = forms.ChoiceField(required=False, label=one.name, choices=choices)

    @property
    def impacts(self) -> list[forms.BoundField]:
        """The fields of the components, for the template."""
        return [self[name] for name in self.impact_names]

    @property
    def plain(self) -> list[forms.BoundField]:
        """The other fields."""
        return [field for field in self if field.name not in self.impact_names]

    def said(self) -> Said:
        """What a valid form says."""
        data = self.cleaned_data
        affected = {name.removeprefix("impact-"): data[name] for name in self.impact_names if data[name]}
        return Said(data["status"], data["text"], data["title"], affected, data["occurred_at"])


class CorrectionForm(UpdateForm):
    """An update in the place of a wrong one."""

    reason = ReasonField(help_text="For the record. Customers read only that it was corrected.")
