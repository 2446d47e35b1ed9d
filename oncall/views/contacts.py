"""Adding a contact method and proving it by a code. The code travels as a page, so this lives above accounts."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import get_own_contact, signed_in
from accounts.forms.changes import posted, status_of
from accounts.forms.people import CodeForm, ContactForm
from accounts.models import ContactMethod
from accounts.queries import live_verification
from accounts.services.contacts import (
    CodeRefused,
    ContactExists,
    SignsNothing,
    add_contact,
    confirm_contact,
    rotate_contact_secret,
)
from ledger.clock import now
from oncall.escalation.who import channel_of
from oncall.notify.services import send_test, send_verification
from oncall.notify.setup import missing, missing_anywhere, missing_options


@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """Add a way to be reached and send it a code at once. The answer may hold a secret; loading it again does not."""
    form = ContactForm(posted(request), left_out=missing_options())
    if request.method == "POST" and form.is_valid():
        instant = now()
        try:
            contact = add_contact(user=signed_in(request), now=instant, **form.cleaned_data)
        except ContactExists:
            form.add_error("address", f"You have {form.cleaned_data['address']} already.")
        else:
            send_verification(contact, now=instant)
            if contact.secret:
                return _confirm_page(request, contact, CodeForm(), secret=contact.secret)
            return redirect("oncall:confirm_contact", contact.public_id)
    context = {"form": form, "missing": "; ".join(missing_anywhere())}
    return render(request, "oncall/contact_add.html", context, status=status_of(form))


def confirm(request: HttpRequest, public_id: str) -> HttpResponse:
    """Type the code. Five tries a code, ten minutes a code."""
    contact = get_own_contact(request.user, public_id)
    form = CodeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            confirm_contact(contact, form.cleaned_data["code"], now=now())
        except CodeRefused as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, f"{contact.address_mask} is confirmed: pages can reach you there.")
            return redirect("accounts:me")
    return _confirm_page(request, contact, form)


@require_POST
def send_code(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send another code; the one before it is void."""
    contact = get_own_contact(request.user, public_id)
    try:
        send_verification(contact, now=now())
    except CodeRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"A code is on its way to {contact.address_mask}.")
    return redirect("oncall:confirm_contact", public_id)


@require_POST
def test(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send a test page to a contact of one's own."""
    contact = get_own_contact(request.user, public_id)
    try:
        send_test(contact, now=now())
    except CodeRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"A test is on its way to {contact.address_mask}.")
    return redirect("accounts:me")


@never_cache
@require_POST
def new_secret(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a new secret for what is signed. The answer holds it; loading the page again does not."""
    contact = get_own_contact(request.user, public_id)
    try:
        rotate_contact_secret(contact, now=now(), reason="Replaced on the settings page")
    except SignsNothing as error:
        messages.error(request, str(error))
        return redirect("oncall:confirm_contact", public_id)
    return _confirm_page(request, contact, CodeForm(), secret=contact.secret)


def _confirm_page(request: HttpRequest, contact: ContactMethod, form: CodeForm, *, secret: str = "") -> HttpResponse:
    context = {
        "secret": secret,
        "contact": contact,
        "form": form,
        "waiting": live_verification(contact, now=now()),
        "missing": missing(channel_of(contact.kind)),
    }
    return render(request, "oncall/contact_confirm.html", context, status=status_of(form))
