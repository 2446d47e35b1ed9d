"""What every request carries: an id in the logs and the answer, and the actor of whatever it changes."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ledger.actors import SYSTEM, Actor, acting_as

GetResponse = Callable[[HttpRequest], HttpResponse]
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def client_address(request: HttpRequest) -> str:
    """Return the caller's address, believing as many X-Forwarded-For entries as we have proxies.

    Entries are appended by each proxy, so the last ones are ours; the first ones anybody may write.
    """
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    trusted = settings.TRUSTED_PROXIES
    if trusted and len(forwarded) >= trusted:
        return forwarded[-trusted]
    return request.META.get("REMOTE_ADDR", "")


def network_of(address: str) -> str:
    """Return the /24 or /48 an address lies in, "" if it is none: enough for a record, too little to follow a person."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


class RequestIdMiddleware:
    """Binds a request id to the log context and returns it as X-Request-ID. A proxy's own id is kept if sane."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = offered if ACCEPTABLE_ID.fullmatch(offered) else secrets.token_hex(8)
        request.META["watchbook.request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.clear_contextvars()
        response["X-Request-ID"] = request_id
        return response


class ActorMiddleware:
    """Says who acts: the signed-in person, else nobody but the system.

    API tokens, links and SMS replies name their own actor inside this one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting_as(self.actor(request)):
            return self.get_response(request)

    @staticmethod
    def actor(request: HttpRequest) -> Actor:
        """Return the actor of this request."""
        network = network_of(client_address(request))
        request_id = request.META.get("watchbook.request_id", "")
        user = request.user
        if not user.is_authenticated:
            return Actor(SYSTEM.kind, label=SYSTEM.label, via="web", network=network, request_id=request_id)
        return Actor("user", user.public_id, user.get_username(), "screen", network, request_id)
