"""Adding a contact method and proving it by a code. The code travels as a page, so this lives above accounts."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import get_own_contact, signed_in
from accounts.contact_kinds import EMAIL
from accounts.forms.changes import posted, status_of
from accounts.forms.people import CodeForm, ContactForm
from accounts.models import ContactMethod
from accounts.queries import live_verification
from accounts.services.contacts import CodeRefused, ContactExists, add_contact, confirm_contact
from ledger.clock import now
from oncall.notify.services import send_test, send_verification


def add(request: HttpRequest) -> HttpResponse:
    """Add a phone or e-mail and send it a code at once."""
    form = ContactForm(posted(request))
    if request.method == "POST" and form.is_valid():
        instant = now()
        try:
            contact = add_contact(user=signed_in(request), now=instant, **form.cleaned_data)
        except ContactExists:
            form.add_error("address", f"You have {form.cleaned_data['address']} already.")
        else:
            send_verification(contact, now=instant)
            return redirect("oncall:confirm_contact", contact.public_id)
    context = {"form": form, "missing": _missing()}
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


def _confirm_page(request: HttpRequest, contact: ContactMethod, form: CodeForm) -> HttpResponse:
    context = {
        "contact": contact,
        "form": form,
        "waiting": live_verification(contact, now=now()),
        "missing": _missing() if contact.kind != EMAIL or not settings.EMAIL_URL else "",
    }
    return render(request, "oncall/contact_confirm.html", context, status=status_of(form))


def _missing() -> str:
    """What the operator has not set, in words; "" when both ways are open."""
    missing = []
    if not settings.EMAIL_URL:
        missing.append("EMAIL_URL, without which no e-mail leaves")
    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_FROM):
        missing.append(
            "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM, without which nobody is texted or called"
        )
    elif settings.TWILIO_FROM.startswith("MG") and not settings.TWILIO_VOICE_FROM:
        missing.append("TWILIO_VOICE_FROM, without which nobody is called: TWILIO_FROM is a messaging service")
    return "; ".join(missing)
