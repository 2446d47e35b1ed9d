"""A calendar address as the network sees it: opened by its secret alone, and whatever opens nothing answers alike."""

from __future__ import annotations

import time
from hashlib import blake2s

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from accounts.rate import RateRule
from ledger.clock import now
from oncall.access import feed_by_secret
from oncall.calendars import feed_text
from oncall.services.calendars import touch_feed

MAX_AGE_S = 900
# from one address; calendars of a whole company may come through one
opened = RateRule(most=120)


@login_not_required
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The calendar behind a secret. Raises Http404 for one that is wrong, revoked, or of somebody who is gone."""
    wait = opened.wait_s(str(request.META.get("REMOTE_ADDR", "")), time.monotonic())
    if wait:
        refused = HttpResponse("Too many calendars at once.\n", status=429, content_type="text/plain; charset=utf-8")
        refused["Retry-After"] = str(wait)
        return refused
    found, instant = feed_by_secret(secret), now()
    if found is None:
        raise Http404
    touch_feed(found, now=instant)
    answer = HttpResponse(feed_text(found, now=instant), content_type="text/calendar; charset=utf-8")
    etag = f'"{blake2s(answer.content, digest_size=16).hexdigest()}"'
    answer["Content-Disposition"] = 'inline; filename="on-call.ics"'
    # names of people: for whoever asked, not for a cache that others share
    answer["Cache-Control"] = f"private, max-age={MAX_AGE_S}"
    answer["ETag"] = etag
    answer["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag=etag, response=answer) or answer
