"""What is kept how long: the rules, legal holds, and what was deleted."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, get_hold, require, signed_in
from accounts.forms.changes import status_of
from accounts.forms.organisation import HoldForm, RetireForm
from accounts.history import changes_of
from accounts.models import LegalHold
from accounts.services.holds import place_hold, release_hold
from ledger.append_only import PURGE_FLOOR_DAYS
from ledger.clock import now
from ledger.models import PurgeRecord
from ledger.tracked import StaleVersion

PURGES = 50


def retention_page(request: HttpRequest) -> HttpResponse:
    """Everybody reads; admins place holds."""
    require(request.user, "read")
    if request.method != "POST":
        return _page(request)
    require(request.user, "manage_organisation")
    form = HoldForm(request.POST)
    if form.is_valid():
        place_hold(**form.cleaned_data, by=signed_in(request), now=now())
        messages.success(request, "From now on nothing recorded is deleted.")
        return redirect("accounts:retention")
    return _page(request, form=form, status=status_of(form))


def hold_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One hold, with its history."""
    return _hold(request, get_hold(request.user, public_id))


@require_POST
def release(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let what is past its time go again."""
    hold = get_hold(request.user, public_id, "manage_organisation")
    form = RetireForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            release_hold(
                hold, by=signed_in(request), now=now(), reason=data["reason"], expected_version=data["version"]
            )
            messages.success(request, f"{hold} is released.")
            return redirect("accounts:retention")
        except StaleVersion:
            form.conflict(hold)
        except ValidationError as error:
            form.add_error(None, error.messages)
    return _hold(request, hold, release_form=form, status=status_of(form))


def _page(request: HttpRequest, *, status: int = 200, **forms: Any) -> HttpResponse:
    holds = LegalHold.objects.select_related("placed_by", "released_by").order_by("-pk")
    context = {
        "holds": holds,
        "in_force": [hold for hold in holds if hold.retired_at is None],
        "purges": PurgeRecord.objects.order_by("-pk")[:PURGES],
        "days": settings.RETENTION_DAYS,
        "floor": PURGE_FLOOR_DAYS,
        "can_manage": can(request.user, "manage_organisation"),
        "form": HoldForm(),
        **forms,
    }
    return render(request, "accounts/retention.html", context, status=status)


def _hold(request: HttpRequest, hold: LegalHold, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "hold": hold,
        "changes": changes_of(hold, limit=20),
        "can_release": hold.retired_at is None and can(request.user, "manage_organisation"),
        "release_form": RetireForm(initial={"version": hold.version}),
        **forms,
    }
    return render(request, "accounts/hold.html", context, status=status)
