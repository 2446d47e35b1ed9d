"""Status pages, badges, calendars and pings past everything that knows who asks: no session, no cookie, no sign-in, no CSRF token."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from config.middleware import client_address
from monitors.views.ping import ADDRESS, ping

GetResponse = Callable[[HttpRequest], HttpResponse]
PREFIXES = ("/status/", "/badge/", "/calendar/")
PING = "/ping/"


class PingMiddleware:
    """Answers `/ping/…` before everything else: a job wants one row written, and nothing read that is not needed.

    Redirects to https, sessions and host checks are for browsers; a job that is told to come again does not.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not path.startswith(PING):
            return self.get_response(request)
        request.META[ADDRESS] = client_address(request)
        return ping(request, path[len(PING) :])


class PublicMiddleware:
    """Answers `/status/…`, `/badge/…` and `/calendar/…` by itself, so that no middleware after it reads a session.

    A session that was read makes the answer vary by cookie, and no cache between us and the customers may keep it;
    it also costs a query, on the one page that has to hold when everybody looks at once.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        found = resolve(request.path_info)
        request.resolver_match = found
        answer: HttpResponse = found.func(request, *found.args, **found.kwargs)
        return answer
