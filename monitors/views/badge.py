"""A badge as the network sees it: opened by its key alone, the same for everybody, kept for a minute."""

from __future__ import annotations

import time
from hashlib import blake2s

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from accounts.rate import RateRule
from ledger.clock import now
from monitors.badge_drawing import Shown, as_shields, as_svg
from monitors.badges import badge_by_key, shown_by

MAX_AGE_S = 60
# from one address; image proxies fetch for many readers at once
opened = RateRule(most=300)


@login_not_required
@require_safe
def picture(request: HttpRequest, key: str) -> HttpResponseBase:
    """The badge as SVG."""
    answer = _answer(request, key)
    if answer is not None:
        return answer
    return _cacheable(request, HttpResponse(as_svg(_shown(key)), content_type="image/svg+xml; charset=utf-8"))


@login_not_required
@require_safe
def shields(request: HttpRequest, key: str) -> HttpResponseBase:
    """The same as JSON for shields.io."""
    answer = _answer(request, key)
    if answer is not None:
        return answer
    told = JsonResponse(as_shields(_shown(key)), json_dumps_params={"ensure_ascii": False})
    told["Access-Control-Allow-Origin"] = "*"
    return _cacheable(request, told)


def _answer(request: HttpRequest, key: str) -> HttpResponse | None:
    wait = opened.wait_s(str(request.META.get("REMOTE_ADDR", "")), time.monotonic())
    if not wait:
        return None
    refused = HttpResponse("Too many badges at once.\n", status=429, content_type="text/plain; charset=utf-8")
    refused["Retry-After"] = str(wait)
    return refused


def _shown(key: str) -> Shown:
    badge = badge_by_key(key)
    if badge is None:
        raise Http404
    return shown_by(badge, now=now())


def _cacheable(request: HttpRequest, answer: HttpResponse) -> HttpResponseBase:
    etag = f'"{blake2s(answer.content, digest_size=16).hexdigest()}"'
    answer["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    answer["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=answer) or answer
