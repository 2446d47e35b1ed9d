"""Forms of locations, and of where a monitor is checked from."""

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DurationField, ReasonField
from monitors.services.locations import ADVISE_BOUNDS


class LocationForm(ChangeForm):
    """A location that exists."""

    name = forms.CharField(
        max_length=40, help_text="Its probes listen on the queue probe.<name>, so one with the database must follow."
    )
    public_key = forms.CharField(
        label="Public key of its remote probe",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="As “manage.py probe --enrol” prints it. Empty for a probe that reaches the database itself.",
    )
    control_targets = forms.CharField(
        required=False,
        max_length=1_500,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": "9.9.9.9:53"}),
        help_text="host:port, one a line, up to five: places of others that are always there. When none of them answers, "
        "a check without an answer says nothing about its target.",
    )
    field_order = ("name", "public_key", "control_targets", "reason", "version")


class NewLocationForm(LocationForm):
    """A location that does not exist yet."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]


class MonitorLocationsForm(forms.Form):
    """All locations that a monitor is checked from."""

    locations = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        label="Check it from",
        help_text="An odd number decides every case: with two, both must agree.",
        error_messages={"required": "Choose at least one; pause the monitor to stop checking it."},
    )
    advise_after_s = DurationField(
        label="Tell when one fails alone for",
        least=ADVISE_BOUNDS[0],
        most=ADVISE_BOUNDS[1],
        help_text="With low urgency, while too few fail for it to be down. Counts with several locations.",
    )
    reason = ReasonField()

    def __init__(self, *args: Any, locations: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["locations"].choices = locations  # type: ignore[attr-defined]
