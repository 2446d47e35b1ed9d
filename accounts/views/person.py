"""One person: what they may do, where they are reached, and the changes an admin can make."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, get_person, signed_in
from accounts.forms.changes import ChangeForm, status_of
from accounts.forms.organisation import RetireForm
from accounts.forms.people import RoleForm
from accounts.history import changes_of
from accounts.models import User
from accounts.queries import contacts_of
from accounts.services.people import LastAdmin, StillUsed, change_role, deactivate, issue_invitation, reactivate
from accounts.views.links import show_link, take_link
from ledger.clock import now
from ledger.tracked import StaleVersion

# two forms of one page have fields of the same names
ROLE_ID, ACTIVE_ID = "role_%s", "active_%s"
LAST_ADMIN = "This is the only admin. Make somebody else one first."


def person_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Facts, contacts, teams, history; with forms for who manages people."""
    return _page(request, get_person(request.user, public_id))


@require_POST
def set_role(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give a person another role, with a reason."""
    person = get_person(request.user, public_id, "manage_people")
    form = RoleForm(request.POST, auto_id=ROLE_ID)
    if not form.is_valid():
        return _page(request, person, role_form=form)
    data = form.cleaned_data
    try:
        change_role(person, data["role"], now=now(), reason=data["reason"], expected_version=data["version"])
    except LastAdmin:
        form.add_error("role", LAST_ADMIN)
    except StaleVersion:
        form.conflict(person)
    else:
        messages.success(request, f"{person} is {person.role} now.")
        return redirect("accounts:person", public_id)
    return _page(request, person, role_form=form)


@require_POST
def set_active(request: HttpRequest, public_id: str) -> HttpResponse:
    """Deactivate a person who is active, or let one who is not come back."""
    person = get_person(request.user, public_id, "manage_people")
    form = RetireForm(request.POST, auto_id=ACTIVE_ID)
    if not form.is_valid():
        return _page(request, person, active_form=form)
    change, word = (deactivate, "can no longer sign in") if person.is_active else (reactivate, "can sign in again")
    data = form.cleaned_data
    try:
        change(person, now=now(), reason=data["reason"], expected_version=data["version"])
    except StillUsed as error:
        return _page(request, person, active_form=form, uses=error.uses, status=409)
    except LastAdmin:
        form.add_error(None, LAST_ADMIN)
    except StaleVersion:
        form.conflict(person)
    else:
        messages.success(request, f"{person} {word}.")
        return redirect("accounts:person", public_id)
    return _page(request, person, active_form=form)


@require_POST
def new_invitation(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new link for somebody who has not joined yet; the old one ends."""
    person = get_person(request.user, public_id, "manage_people")
    if person.has_usable_password():
        messages.error(request, f"{person} has joined already. A lost password is set anew from the sign-in page.")
    else:
        show_link(request, person, issue_invitation(person, by=signed_in(request), now=now()))
    return redirect("accounts:person", public_id)


def _page(
    request: HttpRequest,
    person: User,
    *,
    role_form: ChangeForm | None = None,
    active_form: ChangeForm | None = None,
    status: int | None = None,
    **more: Any,
) -> HttpResponse:
    failed = role_form or active_form
    start = {"version": person.version}
    context = {
        "person": person,
        "contacts": contacts_of(person),
        "memberships": person.memberships.filter(retired_at__isnull=True).select_related("team"),
        "changes": changes_of(person, limit=20),
        "can_manage": can(request.user, "manage_people"),
        "full_addresses": person.pk == request.user.pk or can(request.user, "read_addresses"),
        "link": take_link(request, person),
        "role_form": role_form or RoleForm(initial={**start, "role": person.role}, auto_id=ROLE_ID),
        "active_form": active_form or RetireForm(initial=start, auto_id=ACTIVE_ID),
        **more,
    }
    return render(request, "accounts/person.html", context, status=status or (status_of(failed) if failed else 200))
