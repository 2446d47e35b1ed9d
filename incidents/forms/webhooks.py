"""The form of a webhook: its name, whose it is, where it goes and what it hears."""

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from incidents.services.work import BadInput
from incidents.webhooks.catalog import choices
from incidents.webhooks.services import NAME_MAX, URL_MAX

Choices = list[tuple[str, str]]
WHERE = "It receives a signed POST for each event. Use https, except inside your own network."
KEPT = "Leave it empty to keep the address in force. It is encrypted, because its path may hold a key."


class WebhookForm(ChangeForm):
    """An endpoint that exists. An empty address keeps the one in force."""

    name = forms.CharField(max_length=NAME_MAX, help_text="What receives it: chat room, ticket system, data lake.")
    team = forms.ChoiceField(required=False, help_text="Managers of this team may change it.")
    url = forms.CharField(label="Address", max_length=URL_MAX, required=False, help_text=KEPT)
    events = forms.MultipleChoiceField(
        choices=choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what it is told, at least one."},
    )
    field_order = ("name", "team", "url", "events", "reason", "version")

    def __init__(self, *args: Any, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = teams  # type: ignore[attr-defined]
        self.fields["team"].required = all(key for key, _ in teams)

    def refuse(self, error: BadInput) -> None:
        """Put a service's sentence on the field it speaks of."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class NewWebhookForm(WebhookForm):
    """An endpoint that does not exist yet."""

    url = forms.CharField(label="Address", max_length=URL_MAX, help_text=WHERE)
    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]
