"""Forms about the outsiders who get the seals."""

from __future__ import annotations

from django import forms

from accounts.forms.changes import ChangeForm
from accounts.forms.fields import ReasonField
from accounts.forms.people import clean_email_text


class AnchorForm(forms.Form):
    """Somebody outside, and why them."""

    name = forms.CharField(max_length=120, help_text="A person, or the mailbox they read: Dana Reyes, Hollis Audit.")
    address = forms.CharField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="A mailbox that nobody of yours can empty. Your auditor's is best.",
    )
    reason = ReasonField()

    def clean_address(self) -> str:
        """The address in lower case."""
        return clean_email_text(self.cleaned_data["address"])


class AnchorChangeForm(ChangeForm):
    """Another name or address; an empty address keeps the one that is there, of which only a mask is shown."""

    name = forms.CharField(max_length=120)
    address = forms.CharField(
        label="New e-mail",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="Leave it empty to keep the address.",
    )
    field_order = ("name", "address", "reason", "version")

    def clean_address(self) -> str:
        """The address in lower case, "" to keep it."""
        text = self.cleaned_data["address"]
        return clean_email_text(text) if text else ""
