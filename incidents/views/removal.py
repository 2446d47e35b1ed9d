"""What breaks without somebody or something: a fragment of the page on which it can be removed, whole by itself without script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import ContactMethod
from incidents.access import get_removable
from incidents.removal import consequences
from ledger.clock import now


def without(request: HttpRequest, public_id: str) -> HttpResponse:
    """Asked of the plans of the next two weeks. Nothing changes."""
    thing, instant = get_removable(request.user, public_id), now()
    name = f"{thing.user}’s {thing.address_mask}" if isinstance(thing, ContactMethod) else str(thing)
    context = {"name": name, "found": consequences(thing, now=instant), "now": instant}
    htmx = request.htmx  # type: ignore[attr-defined]
    return render(request, "incidents/_without.html" if htmx else "incidents/without.html", context)
