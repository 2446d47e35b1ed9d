"""Forms about teams, tokens, the organisation and the networks it may call."""

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import ReasonField
from accounts.services.organisation import NetworkRefused, read_network
from accounts.zones import zone_choices

LIFETIMES = ((30, "30 days"), (90, "90 days"), (365, "a year"))


class TeamForm(forms.Form):
    """A new team."""

    name = forms.CharField(max_length=80, help_text="What people call it: Payments, Platform.")


class RenameTeamForm(ChangeForm):
    """A team's new name."""

    name = forms.CharField(max_length=80)
    field_order = ("name", "reason", "version")


class MemberForm(forms.Form):
    """Who joins a team."""

    person = forms.ChoiceField()

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Only a reason: for a change that one button makes."""

    reason = ReasonField()


class RetireForm(ChangeForm):
    """A reason and the version seen: for taking an object out of use."""


class HoldForm(forms.Form):
    """A legal hold."""

    name = forms.CharField(max_length=120, help_text="What people know the case by.")
    description = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    reason = ReasonField(help_text="Who ordered it, and why. Kept in the history.")


class OrganisationForm(ChangeForm):
    """The organisation's name and zone."""

    name = forms.CharField(max_length=120)
    timezone = forms.ChoiceField(
        label="Time zone", choices=zone_choices, help_text="Days and months of every report are counted in it."
    )
    field_order = ("name", "timezone", "reason", "version")


class NetworkForm(forms.Form):
    """A private network that checks may reach."""

    cidr = forms.CharField(
        label="Network", max_length=60, help_text="One address, or a range such as 10.20.0.0/24. Not wider than needed."
    )
    reason = ReasonField(help_text="Which service of yours lives there.")

    def clean_cidr(self) -> str:
        """The network in its one spelling."""
        try:
            return read_network(self.cleaned_data["cidr"])
        except NetworkRefused as error:
            raise forms.ValidationError(str(error), code="unreadable") from error


class TokenForm(forms.Form):
    """A new API token."""

    label = forms.CharField(max_length=80, help_text="What will use it: deploy pipeline, dashboard.")
    scopes = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what it may do, at least one."},
    )
    days = forms.TypedChoiceField(label="Ends after", choices=LIFETIMES, coerce=int, initial=90)

    def __init__(self, *args: Any, scopes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = scopes  # type: ignore[attr-defined]
