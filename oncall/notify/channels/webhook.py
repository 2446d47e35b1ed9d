"""A page as a signed webhook, to an address that the person named. 2xx says that it was taken, never that it was read."""

from __future__ import annotations

import json
from typing import Any

from accounts.egress.signature import headers
from accounts.egress.urls import BadUrl, read_url
from ledger.record import instant
from oncall.notify.channels.base import Message, ProviderAnswer, SendError
from oncall.notify.channels.http import asked_to_wait, post
from oncall.notify.retry import Failure, judge_http
from oncall.notify.text import Facts

API_VERSION = "v1"


class WebhookChannel:
    """One POST: JSON, an id, a timestamp and a signature by each secret in force."""

    kind = "webhook"

    def validate(self, address: str) -> None:
        """Raise ValueError when `address` is not in the form that is called."""
        try:
            same = read_url(address) == address
        except BadUrl as error:
            raise ValueError(str(error)) from error
        if not same:
            raise ValueError("This web address is not in the form that is called.")

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Post the page. Raises SendError."""
        if not message.secrets or message.sent_at is None or message.facts is None:
            raise SendError("A page cannot go out unsigned.", failure=Failure(permanent=True, code="unsigned"))
        body = json.dumps(_payload(message, message.facts), ensure_ascii=False).encode("utf-8", "backslashreplace")
        signed = headers(message.secrets, message.page, int(message.sent_at.timestamp()), body)
        answer = post(
            address,
            headers={"Content-Type": "application/json", **signed},
            body=body,
            hidden=(address, *message.secrets),
        )
        if 200 <= answer.status < 300:
            return ProviderAnswer("webhook", f"{message.page}.{message.attempt}", "accepted", answer.status)
        failure = judge_http(answer.status, asked_to_wait(answer, message.sent_at))
        raise SendError(f"The receiver answered {answer.status}.", failure=failure, http_status=answer.status)


def _payload(message: Message, facts: Facts) -> dict[str, Any]:
    """The body as docs/paging.md has it: what the page is about, and where a person answers it."""
    return {
        "id": message.page,
        "kind": f"page.{facts.origin}",
        "api_version": API_VERSION,
        "attempt": message.attempt,
        "sent_at": instant(message.sent_at) if message.sent_at else None,
        "text": message.body,
        "incident": _incident(facts) if facts.subject_id else None,
        "because": facts.because,
        "note": facts.note,
        "answer_url": facts.link or None,
        "code": facts.digits or None,
    }


def _incident(facts: Facts) -> dict[str, Any]:
    return {
        "number": facts.subject_id,
        "title": facts.title,
        "severity": facts.severity,
        "urgency": facts.urgency,
        "service": facts.service or None,
        "url": facts.url,
    }
