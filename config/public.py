"""Status pages past everything that knows who asks: no session, no cookie, no sign-in, no CSRF token."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

GetResponse = Callable[[HttpRequest], HttpResponse]
PREFIX = "/status/"


class PublicMiddleware:
    """Answers `/status/…` by itself, so that no middleware after it reads a session.

    A session that was read makes the answer vary by cookie, and no cache between us and the customers may keep it;
    it also costs a query, on the one page that has to hold when everybody looks at once.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        found = resolve(request.path_info)
        request.resolver_match = found
        answer: HttpResponse = found.func(request, *found.args, **found.kwargs)
        return answer
