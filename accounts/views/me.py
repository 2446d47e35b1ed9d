"""One's own settings and contact methods."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import get_contact
from accounts.forms.changes import status_of
from accounts.forms.people import SettingsForm
from accounts.queries import contacts_of
from accounts.services.contacts import LastContact, remove_contact
from accounts.services.people import change_settings
from ledger.clock import now


def settings_page(request: HttpRequest) -> HttpResponse:
    """Name, zone and theme; contacts beside them."""
    me = request.user
    start = {"name": me.name, "timezone": me.timezone, "theme": me.theme}
    form = SettingsForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        change_settings(me, **form.cleaned_data, now=now())
        messages.success(request, "Settings saved.")
        return redirect("accounts:me")
    context = {"form": form, "contacts": contacts_of(me)}
    return render(request, "accounts/me.html", context, status=status_of(form))


@require_POST
def drop_contact(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a contact method out of use; one's own, or anybody's for who manages people."""
    contact = get_contact(request.user, public_id)
    try:
        remove_contact(contact, now=now(), reason="Removed on the settings page")
    except LastContact as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{contact.address_mask} is removed.")
    own = contact.user_id == request.user.pk
    return redirect("accounts:me") if own else redirect("accounts:person", contact.user.public_id)
