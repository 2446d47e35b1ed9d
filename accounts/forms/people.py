"""Forms about people: invite, join, role, settings, contacts."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.addresses import AddressRefused, read_email
from accounts.contact_kinds import ADDRESS_MAX, CONTACT_KINDS, PHONE, read_address
from accounts.forms.changes import ChangeForm
from accounts.models import User
from accounts.roles import RESPONDER, ROLES
from accounts.zones import zone_choices

THEMES = (("auto", "As the system"), ("light", "Light"), ("dark", "Dark"))
CHOOSING_HINT = "At least 12 characters. Several words in a row are easier to keep than signs."


class NewPasswordField(forms.CharField):
    """A password being chosen, judged by the installation's rules once the form knows whose it is."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False)
        super().__init__(**{"strip": False, "max_length": 200, "widget": widget, "help_text": CHOOSING_HINT, **kwargs})


class InviteForm(forms.Form):
    """Who is invited, as what."""

    email = forms.CharField(label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(max_length=120)
    role = forms.ChoiceField(choices=list(ROLES.items()), initial=RESPONDER)
    team = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, teams: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [("", "No team yet"), *teams]  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        """The address in lower case."""
        return clean_email_text(self.cleaned_data["email"])


class JoinForm(forms.Form):
    """What an invited person says on arrival."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = NewPasswordField(label="Choose a password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """The password must not resemble name or address."""
        data = super().clean() or self.cleaned_data
        check_password(self, User(email=self.user.email, name=data.get("name", "")))
        return data


class RoleForm(ChangeForm):
    """A person's new role."""

    role = forms.ChoiceField(choices=list(ROLES.items()))
    field_order = ("role", "reason", "version")


class SettingsForm(forms.Form):
    """What a person decides about themselves."""

    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    timezone = forms.ChoiceField(
        label="Time zone", choices=zone_choices, help_text="Every time on your screens is said in it."
    )
    theme = forms.ChoiceField(choices=THEMES)


class ThemeForm(forms.Form):
    """The theme alone, from the foot of every page."""

    theme = forms.ChoiceField(choices=THEMES)


class ContactForm(forms.Form):
    """An address where a person can be paged. left_out: kinds that are not offered here."""

    kind = forms.ChoiceField(initial=PHONE)
    address = forms.CharField(
        label="Number or address",
        max_length=ADDRESS_MAX,
        help_text="A number with its country code, as in +44 7700 900123; an e-mail address; the web address of a webhook; a routing key; or an id of Slack.",
    )
    label = forms.CharField(
        label="What you call it", max_length=40, required=False, help_text="For instance: work phone."
    )

    def __init__(self, *args: Any, left_out: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(name, kind.offer) for name, kind in CONTACT_KINDS.items() if kind.offer and name not in left_out]
        self.fields["kind"].choices = offered  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The address in the one spelling of its kind."""
        data = super().clean() or self.cleaned_data
        if data.get("kind") and data.get("address"):
            try:
                data["address"] = read_address(data["kind"], data["address"])
            except AddressRefused as error:
                self.add_error("address", str(error))
        return data


class CodeForm(forms.Form):
    """The code that proves a contact."""

    code = forms.CharField(
        label="The six digits we sent",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


def check_password(form: forms.Form, user: User, field: str = "password") -> None:
    """Judge a chosen password against the rules and the person; errors land on the field."""
    password = form.cleaned_data.get(field)
    if password:
        try:
            validate_password(password, user)
        except ValidationError as error:
            form.add_error(field, error)


def clean_email_text(text: str) -> str:
    """An e-mail address in its one spelling; for `clean_…` methods."""
    try:
        return read_email(text)
    except AddressRefused as error:
        raise ValidationError(str(error), code="unreadable") from error
