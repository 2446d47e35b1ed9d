"""Forms of services and systems."""

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DayInput

Choices = list[tuple[str, str]]
NOTES = {"rows": 3}


class OwnedForm(ChangeForm):
    """What services and systems have in common: name, team, owner, description."""

    name = forms.CharField(max_length=120)
    team = forms.ChoiceField(required=False)
    owner = forms.ChoiceField(required=False, help_text="Who answers for it when an auditor asks.")
    description = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs=NOTES))

    def __init__(self, *args: Any, teams: Choices, people: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [("", "No team: every manager edits it"), *teams]  # type: ignore[attr-defined]
        self.fields["owner"].choices = [("", "Nobody yet"), *people]  # type: ignore[attr-defined]


class ServiceForm(OwnedForm):
    """A service that exists, with the systems it runs on."""

    systems = forms.MultipleChoiceField(required=False, label="Runs on", widget=forms.CheckboxSelectMultiple)
    field_order = ("name", "team", "owner", "systems", "description", "reason", "version")

    def __init__(self, *args: Any, systems: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["systems"].choices = systems  # type: ignore[attr-defined]
        if not systems:
            del self.fields["systems"]


class NewServiceForm(ServiceForm):
    """A service that does not exist yet."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]


class SystemForm(OwnedForm):
    """A row of the inventory."""

    system_class = forms.CharField(
        label="Class", required=False, max_length=40, help_text="As your policy names it: production, internal, vendor."
    )
    environment = forms.CharField(required=False, max_length=40)
    scope_from = forms.DateField(label="In scope from", required=False, widget=DayInput())
    scope_until = forms.DateField(
        label="In scope until",
        required=False,
        widget=DayInput(),
        help_text="Empty: still.",
    )
    field_order = (
        "name", "system_class", "environment", "team", "owner", "scope_from", "scope_until", "description", "reason", "version",
    )  # fmt: skip


class NewSystemForm(SystemForm):
    """A system that is not in the inventory yet."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]
