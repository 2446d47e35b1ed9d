"""The worst open incident above every page that is not about it, kept true while the page stays open."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import require
from incidents.queries import worst_open
from ledger.clock import now


def show(request: HttpRequest) -> HttpResponse:
    """The line, or nothing when no incident is open."""
    require(request.user, "read")
    return render(request, "components/watchline.html", {"incident": worst_open(), "now": now()})
