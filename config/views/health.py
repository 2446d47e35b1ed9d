"""Where machines ask how we are: /healthz, /readyz, /metrics."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import health, metrics
from ledger.clock import now


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers. Touches nothing else, so that a slow database restarts nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether database, tables and engine are as they must be; 503 when not."""
    facts = [health.database_answers()]
    if facts[0].holds:
        facts += health.readiness(now=now())
    ready = all(fact.holds for fact in facts)
    body = {"ready": ready, "facts": {fact.name: {"ok": fact.holds, "text": fact.sentence} for fact in facts}}
    return JsonResponse(body, status=200 if ready else 503)


@login_not_required
@never_cache
@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Return figures in Prometheus' text format to a bearer of METRICS_TOKEN, or to this machine itself if none is set."""
    if not may_scrape(request):
        raise Http404
    return HttpResponse(metrics.text(now=now()), content_type=metrics.CONTENT_TYPE)


def may_scrape(request: HttpRequest) -> bool:
    """Whether the caller may read figures. A forwarded request is never taken for this machine's own."""
    if settings.METRICS_TOKEN:
        offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(offered.encode(), settings.METRICS_TOKEN.encode())
    local = request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
    return local and "HTTP_X_FORWARDED_FOR" not in request.META
