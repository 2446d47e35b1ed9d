"""allauth's forms in our words."""

from typing import Any

from allauth.account import forms as allauth

from accounts.forms.people import CHOOSING_HINT


def _plain(field: Any, label: str, hint: str = "") -> None:
    """One field without placeholder: what a field is stands above it, and stays when one writes."""
    field.label, field.help_text = label, hint
    field.widget.attrs.pop("placeholder", None)


class SignInForm(allauth.LoginForm):
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["login"], "E-mail")
        _plain(self.fields["password"], "Password")


class ResetForm(allauth.ResetPasswordForm):
    """The address a reset link goes to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["email"], "E-mail")


class ChangePasswordForm(allauth.ChangePasswordForm):
    """The current password and a new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["oldpassword"], "Current password")
        _plain(self.fields["password1"], "New password", CHOOSING_HINT)
        _plain(self.fields["password2"], "New password once more")


class NewPasswordForm(allauth.ResetPasswordKeyForm):
    """A new password behind a reset link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["password1"], "New password", CHOOSING_HINT)
        _plain(self.fields["password2"], "New password once more")
