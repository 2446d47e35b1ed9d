"""One POST to a provider by the house's one door, its failures in the words of channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.egress.client import EgressError, Response, request
from oncall.notify.channels.base import CONNECT_S, TOTAL_S, SendError, redact
from oncall.notify.retry import Failure, seconds_to_wait


def post(
    url: str, *, headers: Mapping[str, str], body: bytes, hidden: tuple[str, ...] = (), provider: str = ""
) -> Response:
    """Send a body and return the answer whatever its status. Raises SendError when none came.

    hidden: secrets and addresses that no error may show. provider: the base address that the operator configured. An
    address that the guard refuses will be refused again, so that failure is permanent, though not the address's fault: an
    admin may allow it.
    """
    try:
        return request(
            "POST", url, timeout=TOTAL_S, connect_timeout=CONNECT_S, headers=headers, body=body, provider=provider
        )
    except EgressError as error:
        failure = Failure(permanent=error.kind == "refused", ambiguous=error.may_have_arrived, code=error.kind)
        raise SendError(redact(f"{error.kind}: {error}", *hidden), failure=failure) from error


def asked_to_wait(answer: Response, sent_at: datetime | None) -> int:
    """Seconds that the answer's Retry-After asks for; 0 when it does not."""
    header = answer.headers.get("retry-after", "")
    return seconds_to_wait(header, sent_at) if header and sent_at is not None else 0
