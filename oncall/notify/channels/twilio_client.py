"""The Twilio library, made to leave by the house's one door. Importing this takes a second: only channels do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from accounts.egress.client import EgressError, request
from oncall.notify.channels.base import CONNECT_S, TOTAL_S


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
        base = settings.TWILIO_BASE_URL.rstrip("/")
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
                form=dict(_flat(data)) if data is not None and method.upper() == "POST" else None,
                basic=auth,
                provider=base,
            )
        except EgressError as error:
            raise LineError(f"{error.kind}: {error}", ambiguous=error.may_have_arrived) from error
        return Response(answer.status, answer.text, dict(answer.headers))


def client() -> Client:
    """Return a client for the configured account. Raises NotConfigured."""
    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_FROM):
        raise NotConfigured("TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM must be set to send SMS.")
    return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=GuardedHttpClient())


def _flat(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in values.items() if value is not None]
