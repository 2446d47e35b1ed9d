"""One's own settings, theme and contact methods."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.access import get_contact, signed_in
from accounts.forms.changes import posted, status_of
from accounts.forms.people import SettingsForm, ThemeForm
from accounts.models import ContactRules
from accounts.queries import contacts_of
from accounts.services.contacts import LastContact, remove_contact
from accounts.services.people import change_settings
from ledger.clock import now


def settings_page(request: HttpRequest) -> HttpResponse:
    """Name, zone and theme; contacts beside them."""
    me = signed_in(request)
    start = {"name": me.name, "timezone": me.timezone, "theme": me.theme}
    form = SettingsForm(posted(request), initial=start)
    if request.method == "POST" and form.is_valid():
        change_settings(me, **form.cleaned_data, now=now())
        messages.success(request, "Settings saved.")
        return redirect("accounts:me")
    context = {"form": form, "contacts": contacts_of(me)}
    return render(request, "accounts/me.html", context, status=status_of(form))


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """The theme from the foot of a page; back to that page."""
    form = ThemeForm(request.POST)
    if form.is_valid():
        me = signed_in(request)
        change_settings(me, name=me.name, timezone=me.timezone, theme=form.cleaned_data["theme"], now=now())
    return HttpResponseRedirect(_back(request))


@require_POST
def drop_contact(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a contact method out of use; one's own, or anybody's for who manages people."""
    contact = get_contact(request.user, public_id)
    try:
        ended = remove_contact(contact, now=now(), reason="Removed on the settings page")
    except LastContact as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{contact.address_mask} is removed.{_ended(ended)}")
    own = contact.user_id == request.user.pk
    return redirect("accounts:me") if own else redirect("accounts:person", contact.user.public_id)


def _ended(rules: list[ContactRules]) -> str:
    """What became of rules that named only a contact that is gone."""
    if not rules:
        return ""
    told = " and ".join(held.urgency for held in rules)
    return (
        f" The rules for {told} urgency named no other contact and ended: everything confirmed is paged at once again."
    )


def _back(request: HttpRequest) -> str:
    """The page the form stood on, if it is ours."""
    came_from = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return came_from if safe else "/"
