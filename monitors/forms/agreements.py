"""Forms of agreements, and of how monitors make a service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import DayInput, DurationField
from accounts.zones import zone_choices
from monitors.agreed import percent_of, read_percent
from monitors.models import SLA, Monitor, Service
from monitors.models.agreements import WINDOWS
from monitors.models.inventory import COMPOSITIONS
from monitors.models.monitors import ROLES
from monitors.services.agreements import DOCUMENT_MAX, NAME_MAX, SLA_FIELDS, YEAR_S

Choices = list[tuple[str, str]]


class PercentField(forms.CharField):
    """A percentage with at most four decimals; cleans to parts of a million, None when empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=12, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        """Parts of a million from an object are spelled; what a person typed stays as typed."""
        return percent_of(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """Parts of a million as int. Raises ValidationError with a sentence."""
        text = super().clean(percent_of(value) if isinstance(value, int) else value)
        if not text:
            return None
        try:
            return read_percent(text)
        except ValueError as error:
            raise ValidationError(f"{error} You wrote {text}.", code="unreadable") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """`99.9` and `99.90 %` are the same."""
        try:
            return self.clean(initial) != self.clean(data)
        except ValidationError:
            return True


class DependenciesField(forms.CharField):
    """One dependency a line, its name and what is promised of it: `Payment provider 99.95`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=3000, required=False, widget=forms.Textarea(attrs={"rows": 3}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """A list is written one a line; what a person typed stays as typed."""
        if isinstance(value, list):
            return "\n".join(f"{one['name']} {percent_of(one['target_ppm'])}" for one in value)
        return value

    def clean(self, value: Any) -> Any:
        """A list of {name, target_ppm}. Raises ValidationError quoting the line."""
        found = []
        for line in filter(None, map(str.strip, super().clean(value).splitlines())):
            name, _, share = line.removesuffix("%").strip().rpartition(" ")
            try:
                found.append({"name": name.strip(), "target_ppm": read_percent(share)})
            except ValueError as error:
                raise ValidationError(f"Write a name and a percentage on each line. You wrote {line}.") from error
            if not name.strip():
                raise ValidationError(f"Write a name before the percentage. You wrote {line}.")
        return found


class SLAForm(ChangeForm):
    """An agreement that exists."""

    name = forms.CharField(max_length=NAME_MAX, help_text="What people call it: Standard plan.")
    target_ppm = PercentField(label="Target, in percent", help_text="The share of time it is up: 99.9.")
    window = forms.ChoiceField(choices=list(WINDOWS.items()), label="Counted over")
    timezone = forms.ChoiceField(label="Time zone", choices=zone_choices, help_text="Whose months and quarters count.")
    degraded_counts_as_down = forms.BooleanField(required=False, label="Degraded time counts as down")
    maintenance_allowance_s = DurationField(
        label="Planned work, at most",
        least=0,
        most=YEAR_S,
        required=False,
        help_text="How much of a window planned work may take out, such as 4 h; 0 s for none, empty for no limit.",
    )
    notice_required_s = DurationField(
        label="Announced ahead by",
        least=0,
        most=YEAR_S,
        help_text="Planned work that was announced later counts as down.",
    )
    latency_ms = forms.IntegerField(
        label="Answers within, in milliseconds", required=False, min_value=1, max_value=600_000,
        help_text="Empty if nothing was promised about it.",
    )  # fmt: skip
    latency_ppm = PercentField(label="for so many percent of checks", required=False)
    dependencies = DependenciesField(
        label="It cannot be up without", help_text="One a line, with what is promised of it: Payment provider 99.95."
    )
    source_document = forms.CharField(
        label="Where it is written", required=False, max_length=DOCUMENT_MAX, help_text="Contract, page or file."
    )
    effective_from = forms.DateField(label="Holds from", widget=DayInput())
    effective_until = forms.DateField(label="Holds until", required=False, widget=DayInput(), help_text="Empty: still.")

    field_order = (
        "service", "name", "target_ppm", "window", "timezone", "degraded_counts_as_down", "maintenance_allowance_s",
        "notice_required_s", "latency_ms", "latency_ppm", "dependencies", "source_document", "effective_from",
        "effective_until", "reason", "version",
    )  # fmt: skip

    def fields_given(self) -> dict[str, Any]:
        """What the service takes, out of the cleaned form."""
        return {name: self.cleaned_data[name] for name in SLA_FIELDS}


class NewSLAForm(SLAForm):
    """An agreement that is not written down yet."""

    service = forms.ChoiceField()
    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]

    def __init__(self, *args: Any, services: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services  # type: ignore[attr-defined]


def sla_initial(sla: SLA) -> dict[str, Any]:
    """The form's values of an agreement, with the version it is drawn from."""
    return {**{name: getattr(sla, name) for name in SLA_FIELDS}, "version": sla.version}


class CompositionForm(ChangeForm):
    """How monitors make a service: the rule, and a role for each monitor."""

    composition = forms.ChoiceField(
        choices=list(COMPOSITIONS.items()), label="The service is up when", widget=forms.RadioSelect
    )
    quorum = forms.IntegerField(
        label="How many", required=False, min_value=1, max_value=1000, help_text="Only for “at least so many”."
    )

    def __init__(self, *args: Any, service: Service, monitors: list[Monitor], **kwargs: Any) -> None:
        initial = {"composition": service.composition, "quorum": service.quorum or None, "version": service.version}
        super().__init__(*args, initial=initial, **kwargs)
        self.monitors = monitors
        for one in monitors:
            self.fields[f"role-{one.public_id}"] = forms.ChoiceField(
                label=one.name, choices=list(ROLES.items()), initial=one.role
            )
        self.order_fields(
            ["composition", "quorum", *(f"role-{one.public_id}" for one in monitors), "reason", "version"]
        )

    def roles(self) -> dict[int, str]:
        """The role of each monitor, by primary key."""
        return {one.pk: self.cleaned_data[f"role-{one.public_id}"] for one in self.monitors}
