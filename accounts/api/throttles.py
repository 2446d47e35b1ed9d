"""Limits, each a named rule: so many calls of one kind, by one caller, in one window.

The numbers are `API_RATES` in the settings and in docs/api.md. A window is counted in the cache named
`throttle`; counting is atomic there, so that two calls at the same moment are two.
"""

from __future__ import annotations

import math
import time
from typing import Any

from django.conf import settings
from django.core.cache import caches
from rest_framework.exceptions import Throttled

READ, WRITE, CHECK_ONCE, SEND, BAD_TOKEN = "read", "write", "check_once", "send", "bad_token"


def refuse_if_spent(rule: str, request: Any, caller: str = "") -> None:
    """Raise Throttled if the caller has no call of this rule left in the window."""
    limit, seconds = settings.API_RATES[rule]
    if caches["throttle"].get(_key(rule, request, caller, seconds), 0) >= limit:
        raise Throttled(wait=_left(seconds))


def spend(rule: str, request: Any, caller: str = "") -> None:
    """Count one call of this rule. Raises Throttled when it is one too many."""
    limit, seconds = settings.API_RATES[rule]
    key = _key(rule, request, caller, seconds)
    caches["throttle"].add(key, 0, timeout=seconds)
    try:
        used = caches["throttle"].incr(key)
    except ValueError:
        # the window ended between the two calls: this one opens the next
        return
    if used > limit:
        raise Throttled(wait=_left(seconds))


def _key(rule: str, request: Any, caller: str, seconds: int) -> str:
    who = caller or address(request)
    return f"{rule}:{who}:{int(time.time() // seconds)}"


def _left(seconds: int) -> int:
    """Seconds until the window ends, at least one."""
    return max(1, math.ceil(seconds - time.time() % seconds))


def address(request: Any) -> str:
    """The caller's address, believing as many X-Forwarded-For entries as we have proxies, from the right."""
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    trusted = settings.TRUSTED_PROXIES
    if trusted and len(forwarded) >= trusted:
        return forwarded[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))
