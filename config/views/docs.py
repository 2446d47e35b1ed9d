"""The documentation inside the product, for everybody who is signed in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import require
from config.docs import search, shelf


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The first page of the docs; with `?q=` what was found for those words."""
    require(request.user, "read")
    query = request.GET.get("q", "").strip()[: search.LONGEST]
    if query:
        return render(request, "docs/found.html", {"query": query, "hits": search.find(query)})
    return _shown(request, shelf.INDEX)


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """One page of the docs; 404 for every name that the folder does not list."""
    require(request.user, "read")
    return redirect("docs") if name == shelf.INDEX else _shown(request, name)


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """A picture that a page shows."""
    require(request.user, "read")
    path = shelf.picture(name)
    if path is None:
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="image/png", headers={"Cache-Control": "private, max-age=300"})


def _shown(request: HttpRequest, name: str) -> HttpResponse:
    found = shelf.page(name)
    if found is None:
        raise Http404
    return render(request, "docs/page.html", {"page": found, "is_index": name == shelf.INDEX})
