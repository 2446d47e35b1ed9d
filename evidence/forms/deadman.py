"""Forms of evidence: the dead-man's address."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm
from evidence.addresses import LONGEST, AddressRefused, read_url

WHY = "It is asked for each minute while paging is sound. When the pings stop, that service calls you: we may not be able to."


class DeadManAddressField(forms.CharField):
    """An address that is pinged; cleans to "" for none. What is wrong is said in a sentence."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Dead-man address")
        kwargs.setdefault(
            "widget", forms.URLInput(attrs={"placeholder": "https://hc.example.com/ping/…", "autocomplete": "off"})
        )
        super().__init__(max_length=LONGEST, required=False, **kwargs)

    def clean(self, value: Any) -> str:
        """The address in its one spelling."""
        try:
            return read_url(super().clean(value))
        except AddressRefused as error:
            raise forms.ValidationError(str(error), code="unreadable") from error


class DeadManForm(ChangeForm):
    """Who outside is told that we live. The address in force is a secret and not shown."""

    url = DeadManAddressField(help_text=WHY + " Empty: nobody is told.")
    field_order = ("url", "reason", "version")
