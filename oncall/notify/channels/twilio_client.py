"""The Twilio library, made to leave by the house's one door. Importing this takes a second: only channels do."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from accounts.egress.client import EgressError, request
from oncall.notify.channels.base import CONNECT_S, TOTAL_S, SendError, Standing, redact
from oncall.notify.providers import using
from oncall.notify.retry import Failure, judge_twilio

_E164 = re.compile(r"\+[1-9]\d{6,14}")


class NotConfigured(Exception):
    """TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN or TWILIO_FROM is missing."""


class LineError(TwilioException):
    """No complete answer came. `ambiguous`: the request may have reached Twilio."""

    def __init__(self, message: str, *, ambiguous: bool) -> None:
        super().__init__(message)
        self.ambiguous = ambiguous


class GuardedHttpClient(HttpClient):
    """Twilio's requests over our guarded client: one try, our time limits, nothing logged that holds a number."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__), False, TOTAL_S)

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request. Raises LineError when no answer came, whatever the reason."""
        base = using().base_url.rstrip("/")
        # the library always names Twilio's own host; where we really call is the operator's to say
        url = base + urlsplit(uri).path
        if params:
            url += "?" + urlencode(_flat(params))
        try:
            answer = request(
                method,
                url,
                timeout=timeout or TOTAL_S,
                connect_timeout=CONNECT_S,
                headers={**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"},
                form=_flat(data) if data is not None and method.upper() == "POST" else None,
                basic=auth,
                provider=base,
            )
        except EgressError as error:
            raise LineError(f"{error.kind}: {error}", ambiguous=error.may_have_arrived) from error
        return Response(answer.status, answer.text, dict(answer.headers))


def client() -> Client:
    """Return a client for the configured account. Raises NotConfigured."""
    account = using()
    if not account.set_up:
        raise NotConfigured("TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM must be set to text and call.")
    return Client(account.sid, account.token, http_client=GuardedHttpClient())


@contextmanager
def creating(address: str) -> Iterator[None]:
    """Turn whatever goes wrong while Twilio is asked to text or call `address` into a SendError that says what it means."""
    try:
        yield
    except NotConfigured as error:
        raise SendError(str(error), failure=Failure(permanent=True, code="unconfigured")) from error
    except LineError as error:
        raise SendError(_safe(error, address), ambiguous=error.ambiguous) from error
    except (TwilioRestException, TwilioServiceException) as error:
        failure = judge_twilio(int(error.status), int(error.code or 0))
        raise SendError(_safe(error, address), failure=failure, http_status=int(error.status)) from error
    except (TwilioException, ValueError) as error:
        # an answer the library cannot read: Twilio, or something on the way, may have taken it
        raise SendError(_safe(error, address), ambiguous=True) from error


@contextmanager
def asking(address: str) -> Iterator[None]:
    """Turn whatever goes wrong while Twilio is asked about something it took into a SendError."""
    try:
        yield
    except (NotConfigured, TwilioException, ValueError) as error:
        raise SendError(_safe(error, address)) from error


def account() -> Standing:
    """Ask Twilio how our account stands. Costs nothing and sends nothing."""
    try:
        found = client().api.v2010.accounts(using().sid).fetch()
    except TwilioRestException as error:
        refused = int(error.status) in (401, 403, 404)
        return Standing("refused" if refused else "unreachable", str(error.code or error.status))
    except (NotConfigured, TwilioException, ValueError) as error:
        return Standing("unreachable", type(error).__name__)
    said = str(getattr(found.status, "value", found.status))
    return Standing("active" if said == "active" else "suspended", said)


def check_number(address: str) -> None:
    """Raise ValueError when `address` is not a phone number in E.164."""
    if not _E164.fullmatch(address):
        raise ValueError("This is not a phone number with its country code, such as +447700900080.")


def can_reach(url: str) -> bool:
    """Whether Twilio can call this address of ours. One elsewhere refuses an address of this very machine."""
    return not _is_here(url) or _is_here(using().base_url)


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _safe(error: Exception, address: str) -> str:
    text = getattr(error, "msg", "") or getattr(error, "title", "") or str(error)
    hidden = (using().token, using().previous, address, address.lstrip("+"))
    return redact(text, *hidden)


def _flat(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each parameter; one that is a list, such as the events of a call, comes once for each."""
    pairs = [(name, value if isinstance(value, list) else [value]) for name, value in values.items()]
    return [(name, str(one)) for name, some in pairs for one in some if one is not None]
