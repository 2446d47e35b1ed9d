"""The first-run page, behind the link that the supervisor prints."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts.forms.changes import posted, status_of
from accounts.forms.people import NewPasswordField, check_password, clean_email_text
from accounts.models import User
from accounts.queries import live_setup_link
from accounts.services.setup import SetupClosed
from accounts.zones import zone_choices
from config.first_run import begin
from evidence.forms.deadman import DeadManAddressField
from ledger.clock import now

GONE = 410


class SetupForm(forms.Form):
    """Who the organisation is, and who its first admin."""

    organisation = forms.CharField(label="Organisation", max_length=120)
    timezone = forms.ChoiceField(
        label="Its time zone", choices=zone_choices, help_text="Days and months of every report are counted in it."
    )
    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.CharField(
        label="Your e-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="You sign in with it, and pages go there until you add a phone.",
    )
    password = NewPasswordField(label="Choose a password")
    dead_man = DeadManAddressField(
        help_text="A service elsewhere that calls you when this machine is silent. Leave it empty to name one later; Now reminds you.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.DEADMAN_URL:
            # the environment has answered already
            del self.fields["dead_man"]

    def clean_email(self) -> str:
        """The address in lower case."""
        return clean_email_text(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        """The password must not resemble name or address."""
        data = super().clean() or self.cleaned_data
        check_password(self, User(email=data.get("email", ""), name=data.get("name", "")))
        return data


@never_cache
@login_not_required
def first_run(request: HttpRequest, secret: str) -> HttpResponse:
    """Make the admin and sign them in; the next page asks what to watch. A link that does not hold answers 410."""
    instant = now()
    if live_setup_link(secret, now=instant) is None:
        return _closed(request)
    form = SetupForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = begin(secret=secret, fields=form.cleaned_data, now=instant)
        except SetupClosed:
            return _closed(request)
        login(request, made.admin, backend=settings.AUTHENTICATION_BACKENDS[0])
        return redirect("monitors:add")
    return render(request, "setup.html", {"form": form, "mail": bool(settings.EMAIL_URL)}, status=status_of(form))


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "setup_closed.html", {"somebody": User.objects.exists()}, status=GONE)
