"""What customers get: the page and its JSON. They read only, so they work while nothing can be written."""

from __future__ import annotations

from hashlib import blake2s

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from ledger.clock import now
from ledger.demo import is_demo
from statuspage.as_json import summary_of
from statuspage.models import StatusPage
from statuspage.public import Shown, gather
from statuspage.queries import published

MAX_AGE_S = 15


@login_not_required
@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The page of an address; 404 for one that is not published, as for one that is not there."""
    return cacheable(request, HttpResponse(drawn(gather(_published(slug), now=now()))))


@login_not_required
@require_safe
def summary(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The same facts as JSON. Any site may read it: nothing in it depends on who asks."""
    answer = JsonResponse(summary_of(gather(_published(slug), now=now())), json_dumps_params={"ensure_ascii": False})
    answer["Access-Control-Allow-Origin"] = "*"
    return cacheable(request, answer)


def drawn(shown: Shown, *, preview: bool = False) -> str:
    """The HTML of a page, in its own zone. It is given no request: nothing in it may depend on who asks."""
    with timezone.override(shown.page.zone):
        facts = {"shown": shown, "now": shown.at, "preview": preview, "demo": is_demo()}
        return render_to_string("statuspage/public.html", facts)


def cacheable(request: HttpRequest, answer: HttpResponse) -> HttpResponseBase:
    """Say how long it may be kept, and answer 304 to who has it already."""
    etag = f'"{blake2s(answer.content, digest_size=16).hexdigest()}"'
    answer["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    answer["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=answer) or answer


def _published(slug: str) -> StatusPage:
    found = published(slug)
    if found is None:
        raise Http404
    return found
