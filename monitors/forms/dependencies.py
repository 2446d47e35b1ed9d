"""The form of what a monitor depends on."""

from typing import Any

from django import forms

from accounts.forms.changes import ChangeForm


class DependencyForm(ChangeForm):
    """One other monitor, or none."""

    depends_on = forms.ChoiceField(
        label="Depends on",
        required=False,
        help_text="While that one is down, alerts of this one are kept and page nobody. What is measured stays as it is.",
    )
    field_order = ("depends_on", "reason", "version")

    def __init__(self, *args: Any, monitors: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["depends_on"].choices = [("", "Nothing"), *monitors]  # type: ignore[attr-defined]
