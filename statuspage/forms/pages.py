"""Forms of status pages and their components."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.changes import ChangeForm
from accounts.zones import zone_choices
from statuspage.services.components import HEADING_MAX, NAME_MAX, POSITION_MAX
from statuspage.services.pages import INTRO_MAX, SLUG_MAX

Choices = list[tuple[str, str]]


def refuse(form: forms.Form, error: ValidationError) -> None:
    """Put what a service refused on the fields it speaks of; nothing typed is lost."""
    for name, errors in error.error_dict.items():
        for one in errors:
            form.add_error(name if name in form.fields else None, one)


class PageForm(ChangeForm):
    """A status page that exists."""

    name = forms.CharField(max_length=NAME_MAX, help_text="What stands above the page: Larkspur Logistics.")
    slug = forms.CharField(
        max_length=SLUG_MAX,
        label="Address",
        help_text="Small letters, digits and hyphens: acme is read at /status/acme/.",
    )
    timezone = forms.ChoiceField(
        label="Time zone", choices=zone_choices, help_text="Its days and times are those of this zone."
    )
    team = forms.ChoiceField(required=False)
    intro = forms.CharField(
        required=False,
        max_length=INTRO_MAX,
        label="Introduction",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Stands under the first line, for everybody to read.",
    )
    is_published = forms.BooleanField(required=False, label="Published: everybody may read it, not members alone")
    field_order = ("name", "slug", "timezone", "team", "intro", "is_published", "reason", "version")

    def __init__(self, *args: Any, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [("", "No team: every manager edits it"), *teams]  # type: ignore[attr-defined]


class NewPageForm(PageForm):
    """A status page that does not exist yet."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]


class ComponentForm(ChangeForm):
    """A component that exists."""

    name = forms.CharField(
        max_length=NAME_MAX, label="Public name", help_text="In customers' words: Placing orders, not checkout-api."
    )
    service = forms.ChoiceField(help_text="Its monitors decide the state that is shown. Its name is not shown.")
    heading = forms.CharField(
        required=False, max_length=HEADING_MAX, help_text="Neighbours with the same heading stand under it."
    )
    position = forms.IntegerField(min_value=0, max_value=POSITION_MAX, help_text="The lowest comes first.")
    is_hidden = forms.BooleanField(required=False, label="Hidden: kept here, shown to nobody outside")
    field_order = ("name", "service", "heading", "position", "is_hidden", "reason", "version")

    def __init__(self, *args: Any, services: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services  # type: ignore[attr-defined]


class NewComponentForm(ComponentForm):
    """A component that does not exist yet."""

    reason = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].required = False
        self.fields["position"].help_text = "The lowest comes first; empty for last."
