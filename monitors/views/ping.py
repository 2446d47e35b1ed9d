"""Where jobs say that they ran: `/ping/…`, the paths and answers of Healthchecks. No session, no sign-in, no cookie."""

from __future__ import annotations

import time
from urllib.parse import parse_qs

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from accounts.rate import RateRule
from ledger.clock import now
from monitors.heartbeats.address import BODY_MAX, Address, BadAddress, read_address, read_rid
from monitors.services.pinging import Ambiguous, Call, Unknown, receive

log = structlog.get_logger(__name__)

METHODS = ("GET", "HEAD", "POST")
PLAIN = "text/plain; charset=utf-8"
QUERY_MAX = 2_000
ADDRESS = "watchbook.client_address"  # put into the request by whoever knows the proxies

pings_of_a_key = RateRule(most=settings.PINGS_PER_MINUTE)
# Of one caller. Keys are long; who tries many of them is not looking for his own.
unknown_keys = RateRule(most=60)


@csrf_exempt
@login_not_required
def ping(request: HttpRequest, rest: str) -> HttpResponse:
    """Store a ping, then answer. Whatever was not stored is no 2xx."""
    if request.method not in METHODS:
        return _options() if request.method == "OPTIONS" else _say("method not allowed", 405)
    try:
        told = read_address(rest)
        query = _query(request)
        rid = read_rid(query["rid"][-1]) if "rid" in query else ""
    except BadAddress:
        return _say("invalid url format", 400)
    caller = str(request.META.get(ADDRESS, ""))
    if wait := pings_of_a_key.wait_s(told.digest + told.slug, time.monotonic()):
        return _wait(wait)
    return _stored(told, _call(request, rid, caller), create=query.get("create", [""])[-1] == "1")


def _stored(told: Address, call: Call, *, create: bool) -> HttpResponse:
    try:
        made = receive(told, call, create=create, now=now())
    except Unknown:
        wait = unknown_keys.wait_s(call.address, time.monotonic())
        return _wait(wait) if wait else _say("not found", 404)
    except Ambiguous:
        return _say("ambiguous slug", 409)
    except ValidationError as error:
        return _say(" ".join(error.messages), 400)
    except Error as error:
        # not stored, so no 2xx: the job's client must try again
        log.error("ping_not_stored", error=type(error).__name__)
        answer = _say("the database does not answer; nothing was stored", 503)
        answer["Retry-After"] = "5"
        return answer
    return _say("Created", 201) if made else _say("OK", 200)


def _call(request: HttpRequest, rid: str, caller: str) -> Call:
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")
    return Call(str(request.method), rid, agent, caller, _body(request))


def _body(request: HttpRequest) -> bytes:
    """The first BODY_MAX bytes, whatever the caller announces. A body that breaks off is no reason to lose the ping."""
    if request.method != "POST":
        return b""
    parts: list[bytes] = []
    left = BODY_MAX
    try:
        while left and (part := request.read(left)):
            parts.append(part)
            left -= len(part)
    except (OSError, UnreadablePostError, RawPostDataException):
        log.info("ping_body_broke_off")
    return b"".join(parts)


def _query(request: HttpRequest) -> dict[str, list[str]]:
    text = request.META.get("QUERY_STRING", "")
    if not text:
        return {}
    if len(text) > QUERY_MAX:
        raise BadAddress(text[:20])
    return parse_qs(text, keep_blank_values=True, max_num_fields=20, errors="replace") if text.count("&") < 20 else {}


def _say(words: str, status: int) -> HttpResponse:
    answer = HttpResponse(words, status=status, content_type=PLAIN)
    answer["Content-Length"] = str(len(answer.content))  # or the server would send it in chunks
    answer["Ping-Body-Limit"] = str(BODY_MAX)
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cache-Control"] = "max-age=0, no-cache, no-store, must-revalidate, private"
    if status == 405:
        answer["Allow"] = ", ".join(METHODS)
    return answer


def _wait(seconds: int) -> HttpResponse:
    answer = _say("too many pings", 429)
    answer["Retry-After"] = str(seconds)
    return answer


def _options() -> HttpResponse:
    """What a browser asks before a page of another site may ping."""
    answer = _say("", 204)
    answer["Allow"] = answer["Access-Control-Allow-Methods"] = ", ".join(METHODS)
    return answer
