"""Asking Twilio what became of a call, and taking back one that still rings."""

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
_NOT_FOUND, _NOT_POSSIBLE = 404, 400


class VoiceInquirer:
    """Twilio's record of our calls."""

    kind = "voice"

    def ask(self, question: Question) -> Finding | None:
        """Return Twilio's word for one call, None when it has none. Raises SendError when Twilio does not answer.

        A call bears no words to be known by: the first one to this number since then that no attempt of ours has is it.
        """
        with asking(question.address):
            return _fetch(question.sid) if question.sid else _find(question)


class VoiceCanceller:
    """Stops calls that wait or ring. One that was picked up goes on: somebody is listening."""

    kind = "voice"

    def call_off(self, sid: str) -> Finding:
        """Ask Twilio to cancel; return its word for the call afterwards. Raises SendError."""
        with asking(""):
            try:
                return _finding(client().calls(sid).update(status="canceled"))
            except TwilioRestException as error:
                # it was over, or somebody had just picked up: what it is now is what counts
                if error.status not in (_NOT_POSSIBLE, _NOT_FOUND):
                    raise
            return _fetch(sid) or Finding(using().name, sid, "canceled")


def _fetch(sid: str) -> Finding | None:
    try:
        return _finding(client().calls(sid).fetch())
    except TwilioRestException as error:
        if error.status == _NOT_FOUND:
            return None
        raise


def _find(question: Question) -> Finding | None:
    """Look for a call to this number that began since and belongs to no attempt we know."""
    listed = client().calls.list(
        to=question.address, start_time_after=question.since - timedelta(days=1), limit=_LOOK_AT, page_size=_LOOK_AT
    )
    ours = [call for call in listed if _is_ours(call, question)]
    ours.sort(key=lambda call: call.date_created or question.since)
    return _finding(ours[0]) if ours else None


def _is_ours(call: Any, question: Question) -> bool:
    if not call.sid or call.sid in question.known or not (call.direction or "outbound").startswith("outbound"):
        return False
    return not (call.date_created and call.date_created < question.since - _CLOCKS_DIFFER)


def _finding(call: Any) -> Finding:
    return Finding(using().name, call.sid or "", call.status or "")
