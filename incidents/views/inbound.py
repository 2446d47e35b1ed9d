"""What every endpoint that strangers can reach does first: size, signature, rate, form. Then one sentence and a status."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import parse_qsl

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.rate import RateRule
from ledger.actors import current_actor
from oncall.notify.twilio_signature import HEADER, verify

log = structlog.get_logger(__name__)

MAX_BODY = 64 * 1024
MAX_FIELDS = 200
# From one network. What providers sign is never counted here.
refused_posts = RateRule(most=30)

View = Callable[..., HttpResponse]


class Refused(Exception):
    """The request is turned away with a status and a sentence; nothing was done."""

    def __init__(self, status: int, sentence: str, *, retry_after: int = 0) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.retry_after = status, sentence, retry_after

    def response(self) -> HttpResponse:
        """The refusal as plain text."""
        response = HttpResponse(f"{self.sentence}\n", status=self.status, content_type="text/plain; charset=utf-8")
        if self.retry_after:
            response["Retry-After"] = str(self.retry_after)
        return response


def inbound(view: View) -> View:
    """Open a view to machines: no session, no CSRF token, POST only; without the database it says 503."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            if request.method != "POST":
                response = Refused(405, "This address takes POST only.").response()
                response["Allow"] = "POST"
                return response
            return view(request, *args, **kwargs)
        except Refused as refusal:
            log.info("inbound_refused", path=request.path, status=refusal.status)
            return refusal.response()
        except (OperationalError, InterfaceError) as error:
            # not stored, so no 2xx: the sender must try again
            log.error("inbound_database_gone", path=request.path, error=type(error).__name__)
            return Refused(503, "The database does not answer. Nothing was stored.", retry_after=5).response()

    return csrf_exempt(login_not_required(wrapped))


def twilio_form(request: HttpRequest) -> dict[str, str]:
    """Return the form of a request that Twilio signed for our account. Raises Refused: 413, 400, 403, 429."""
    form = form_of(raw_body(request))
    if not verify(request.get_full_path(), form, request.headers.get(HEADER)):
        raise unsigned("The signature is missing or not ours. Check TWILIO_AUTH_TOKEN and PUBLIC_URL.")
    return form


def announced_length(request: HttpRequest) -> int:
    """Return how many bytes the sender announces; 0 when they announce none or no number."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    return int(announced) if announced.isdigit() else 0


def raw_body(request: HttpRequest) -> bytes:
    """Read at most MAX_BODY bytes, whatever the sender announces. Raises Refused."""
    too_large = Refused(413, f"A body has at most {MAX_BODY // 1024} kB.")
    if announced_length(request) > MAX_BODY:
        raise too_large
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise too_large
    return body


def form_of(body: bytes) -> dict[str, str]:
    """Read a form. Raises Refused: 400."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise Refused(400, "The body is not a form (application/x-www-form-urlencoded in UTF-8).") from None
    if "\x00" in "".join(value for _, value in pairs):
        raise Refused(400, "The form holds a NUL character.")
    return dict(pairs)


def unsigned(sentence: str) -> Refused:
    """The refusal of a request that nobody we trust signed; of many from one network in a minute, 429."""
    wait = refused_posts.wait_s(current_actor().network, time.monotonic())
    if wait:
        return Refused(429, "Too many requests without a valid signature.", retry_after=wait)
    return Refused(403, sentence)
