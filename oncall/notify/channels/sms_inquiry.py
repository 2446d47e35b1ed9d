"""Asking Twilio what became of a text: by its id, or, when the answer to our call was lost, by looking for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from twilio.base.exceptions import TwilioRestException

from oncall.notify.channels.base import Finding, Question
from oncall.notify.channels.twilio_client import asking, client
from oncall.notify.providers import using

# Twilio's list is by day and by its own clock; what is older than our attempt cannot be it.
_CLOCKS_DIFFER = timedelta(seconds=60)
_LOOK_AT = 50


class SmsInquirer:
    """Twilio's record of our texts."""

    kind = "sms"

    def ask(self, question: Question) -> Finding | None:
        """Return Twilio's word for one text, None when it has none. Raises SendError when Twilio does not answer."""
        with asking(question.address):
            return _fetch(question) if question.sid else _find(question)


def _fetch(question: Question) -> Finding | None:
    try:
        return _finding(client().messages(question.sid).fetch())
    except TwilioRestException as error:
        if error.status == 404:
            return None
        raise


def _find(question: Question) -> Finding | None:
    """Look for a text to this number, sent since, that carries our mark and belongs to no attempt we know."""
    origin = using().origin
    sender = {} if origin.startswith("MG") else {"from_": origin}
    day = question.since - timedelta(days=1)
    listed = client().messages.list(
        to=question.address, date_sent_after=day, limit=_LOOK_AT, page_size=_LOOK_AT, **sender
    )
    ours = [text for text in listed if _is_ours(text, question)]
    ours.sort(key=lambda text: text.date_created or question.since)
    return _finding(ours[0]) if ours else None


def _is_ours(text: Any, question: Question) -> bool:
    if not text.sid or text.sid in question.known:
        return False
    if text.date_created and text.date_created < question.since - _CLOCKS_DIFFER:
        return False
    # a trial account puts words of Twilio's own before ours
    return question.marker in (text.body or "")


def _finding(text: Any) -> Finding:
    return Finding(using().name, text.sid or "", text.status or "", str(text.error_code or ""))
