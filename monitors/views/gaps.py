"""Pages about the watching itself: what ran, what did not, and what people say about it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import can, require, signed_in
from accounts.forms.changes import posted, status_of
from ledger.clock import now
from monitors.access import get_gap
from monitors.forms.gaps import GapNoteForm
from monitors.services.gaps import explain_gap
from monitors.watching import components, days, lately, told, uncontrolled


@require_safe
def gaps_page(request: HttpRequest) -> HttpResponse:
    """Was the monitoring itself running? Everybody reads."""
    require(request.user, "read")
    instant = now()
    context = {
        "gaps": lately(instant),
        "components": components(instant),
        "days": days(),
        "uncontrolled": uncontrolled(),
        "now": instant,
    }
    return render(request, "monitors/gaps.html", context)


def gap_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One gap; responders put words beside it."""
    gap = get_gap(request.user, public_id, "read" if request.method == "GET" else "respond")
    form = GapNoteForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            explain_gap(gap, **form.cleaned_data, person=signed_in(request), now=now())
            messages.success(request, "Kept beside the gap.")
            return redirect("monitors:gap", public_id)
        except ValidationError as error:
            form.add_error(None, error)
    context = {"told": told([gap])[0], "form": form, "can_explain": can(request.user, "respond"), "now": now()}
    return render(request, "monitors/gap.html", context, status=status_of(form))
