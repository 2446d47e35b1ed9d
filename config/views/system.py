"""The page System: is the watcher itself well, and who notices when it is not."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can, require
from accounts.forms.changes import status_of
from accounts.history import changes_of
from config.system import system
from evidence.access import get_dead_man
from evidence.forms.deadman import DeadManForm
from evidence.models import DeadMan
from evidence.services.deadman import SetInEnvironment, change_dead_man
from ledger.clock import now
from ledger.tracked import StaleVersion


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Everybody reads."""
    require(request.user, "read")
    dead_man = get_dead_man(request.user)
    return _page(request, dead_man, DeadManForm(initial={"version": max(dead_man.version, 1)}))


@require_POST
def name_dead_man(request: HttpRequest) -> HttpResponse:
    """Admins name the address that is pinged."""
    dead_man = get_dead_man(request.user, "manage_organisation")
    form = DeadManForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        seen = data["version"] if dead_man.version else None
        try:
            changed = change_dead_man(url=data["url"], now=now(), reason=data["reason"], expected_version=seen)
            whom = (
                f"{changed.url_mask} is pinged from the next audit on."
                if changed.url_mask
                else "Nobody is told any more."
            )
            messages.success(request, whom)
            return redirect("system")
        except StaleVersion:
            form.conflict(dead_man)
        except SetInEnvironment as error:
            form.add_error("url", str(error))
    return _page(request, dead_man, form)


def _page(request: HttpRequest, dead_man: DeadMan, form: DeadManForm) -> HttpResponse:
    context = {
        "system": system(now=now()),
        "form": form,
        "can_manage": can(request.user, "manage_organisation"),
        "changes": changes_of(dead_man) if dead_man.pk else [],
    }
    return render(request, "system.html", context, status=status_of(form))
