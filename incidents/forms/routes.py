"""The form of a route: for which service and severity, to which policy, with which runbook."""

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from incidents.services.work import BadInput
from oncall.forms.policy import AtForm

SEVERITIES = (("", "Every severity"), ("1", "SEV1"), ("2", "SEV2"), ("3", "SEV3"), ("4", "SEV4"))
Choices = list[tuple[str, str]]


class RouteForm(ChangeForm):
    """Where a route that exists leads. What it covers stays: another cover is another route."""

    policy = forms.ChoiceField(label="Who is paged")
    runbook_url = forms.CharField(
        label="Runbook",
        max_length=500,
        required=False,
        help_text="The address of the page that says what to do. It stands in every page sent.",
    )
    field_order = ("service", "severity", "policy", "runbook_url", "reason", "version")

    def __init__(self, *args: Any, policies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["policy"].choices = policies  # type: ignore[attr-defined]

    def refuse(self, error: BadInput) -> None:
        """Put a service's sentence on the field it speaks of."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class TryForm(AtForm):
    """A fault that did not happen: of which service and severity, and when."""

    service = forms.ChoiceField(required=False)
    severity = forms.TypedChoiceField(choices=SEVERITIES[1:], coerce=int)
    field_order = ("service", "severity", "urgency", "at")

    def __init__(self, *args: Any, services: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", "No service"), *services]  # type: ignore[attr-defined]


class NewRouteForm(RouteForm):
    """A route that does not exist yet."""

    service = forms.ChoiceField(required=False)
    severity = forms.ChoiceField(choices=SEVERITIES, required=False)
    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]

    def __init__(self, *args: Any, services: Choices, every_service: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = [("", "Every service")] if every_service else []
        self.fields["service"].choices = [*first, *services]  # type: ignore[attr-defined]
        self.fields["service"].required = not every_service

    def clean_severity(self) -> int | None:
        """The severity as a number; None for every one."""
        return int(self.cleaned_data["severity"]) if self.cleaned_data["severity"] else None
