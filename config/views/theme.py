"""The reader's theme."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.services.people import change_settings
from config.page import THEMES
from ledger.clock import now


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the theme on the person, so that the server draws it wherever they sign in."""
    theme, person = request.POST.get("theme", ""), request.user
    if theme not in dict(THEMES):
        return HttpResponseBadRequest("theme is auto, light or dark", content_type="text/plain")
    change_settings(person, name=person.name, timezone=person.timezone, theme=theme, now=now())
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "/")
