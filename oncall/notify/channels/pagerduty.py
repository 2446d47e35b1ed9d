"""A page as an event of PagerDuty's Events API v2: an incident there opens, is acknowledged and resolved with ours.

The incident's own address is the dedup key, so that every page about it and every answer meet in one incident there.
"""

from __future__ import annotations

import json
import re
from typing import Any

from django.conf import settings

from accounts.egress.client import Response
from ledger.record import instant
from oncall.notify.channels.base import Message, ProviderAnswer, SendError, redact
from oncall.notify.channels.http import asked_to_wait, post
from oncall.notify.retry import Failure, judge_http
from oncall.notify.text import Facts

PATH = "/v2/enqueue"
_KEY = re.compile(r"[0-9A-Za-z]{32}")
_SEVERITIES = {1: "critical", 2: "error", 3: "warning", 4: "info"}
_ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve", "merged": "resolve", "manual": "acknowledge"}
_SUMMARY_MAX, _DEDUP_MAX = 1024, 255


class PagerDutyChannel:
    """One POST an event. What PagerDuty does with it later, it does not tell."""

    kind = "pagerduty"

    def validate(self, address: str) -> None:
        """Raise ValueError when `address` is not a routing key."""
        if not _KEY.fullmatch(address):
            raise ValueError("This is not a routing key: it has 32 letters and digits.")

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Hand over the event. Raises SendError."""
        if message.facts is None:
            raise SendError("An event needs the facts of its page.", failure=Failure(permanent=True, code="no_facts"))
        base = settings.PAGERDUTY_BASE_URL.rstrip("/")
        body = json.dumps(_event(message, message.facts, address)).encode()
        answer = post(
            base + PATH,
            headers={"Content-Type": "application/json"},
            body=body,
            hidden=(address,),
            provider=base,
        )
        said = _read(answer)
        if answer.status == 202 and said.get("status") == "success":
            return ProviderAnswer("pagerduty", f"{message.page}.{message.attempt}", "accepted", 202)
        if 200 <= answer.status < 300:
            raise SendError("PagerDuty's answer makes no sense.", ambiguous=True, http_status=answer.status)
        raise _refused(answer, said, message, address)


def _event(message: Message, facts: Facts, key: str) -> dict[str, Any]:
    action = _action(facts)
    event = {"routing_key": key, "event_action": action, "dedup_key": _dedup_key(message, facts)}
    if action != "trigger":
        return event
    return {
        **event,
        "payload": {
            "summary": message.body[:_SUMMARY_MAX],
            "source": facts.service or "Watchbook",
            "severity": _SEVERITIES.get(facts.severity, "info"),
            "timestamp": instant(message.sent_at) if message.sent_at else None,
            "component": facts.service or None,
            "custom_details": _details(facts),
        },
        "client": "Watchbook",
        "client_url": facts.url or None,
        "links": [{"href": facts.url, "text": f"{facts.subject_id} in Watchbook"}] if facts.url else [],
    }


def _action(facts: Facts) -> str:
    if facts.origin == "update":
        return _ACTIONS[facts.became]
    return "resolve" if facts.origin == "stand_down" else "trigger"


def _dedup_key(message: Message, facts: Facts) -> str:
    """The incident's address is its own in every installation; a code or a test is an event of its own."""
    return (facts.url or message.page)[:_DEDUP_MAX]


def _details(facts: Facts) -> dict[str, str]:
    """Nothing that only the person may have: no signed link, no name."""
    told = {"incident": facts.subject_id, "urgency": facts.urgency, "because": facts.because, "note": facts.note}
    return {name: value for name, value in told.items() if value}


def _read(answer: Response) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _refused(answer: Response, said: dict[str, Any], message: Message, key: str) -> SendError:
    """400 is for good. The routing key is at fault only when PagerDuty says so; then no event will ever be taken."""
    errors = [str(one) for one in said.get("errors", ())] if isinstance(said.get("errors"), list) else []
    text = "; ".join([str(said.get("message") or ""), *errors]).strip("; ")
    failure = judge_http(answer.status, asked_to_wait(answer, message.sent_at))
    if answer.status == 400 and re.search(r"routing.?key", text, re.IGNORECASE):
        failure = Failure(permanent=True, blames_contact=True, code="400")
    words = f"PagerDuty answered {answer.status}{f': {text}' if text else ''}."
    return SendError(redact(words, key), failure=failure, http_status=answer.status)
