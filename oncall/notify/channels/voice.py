"""Calls over Twilio. What is said, and what a key does, Twilio asks of us once somebody has picked up."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from oncall.notify.channels.base import Message, ProviderAnswer, SendError
from oncall.notify.channels.twilio_client import NotConfigured, can_reach, check_number, client, creating
from oncall.notify.providers import using

# Shorter than a voice mail waits: a machine that picks up is one more call that reached nobody.
RING_S = 25
EVENTS = ["initiated", "ringing", "answered", "completed"]
# Nobody is listened to for longer, whatever goes wrong: six rounds of a page and its choices.
LONGEST_S = 300


class VoiceChannel:
    """Calls to phones. No detection of answering machines: it costs seconds of silence, and a key proves more."""

    kind = "voice"

    def validate(self, address: str) -> None:
        """Raise ValueError when `address` is not a phone number in E.164."""
        check_number(address)

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Ask Twilio to call. Raises SendError."""
        with creating(address):
            origin = calling_number()
            made = client().calls.create(
                to=address, from_=origin, timeout=RING_S, time_limit=LONGEST_S, **_conversation(message)
            )
        if not made.sid:
            raise SendError("Twilio answered without an id for the call.", ambiguous=True)
        return ProviderAnswer(using().name, made.sid, made.status or "queued", 201, origin)


def calling_number() -> str:
    """The number that calls come from. Raises NotConfigured: a messaging service can text, not call."""
    origin = using().voice_origin or using().origin
    if origin.startswith("MG"):
        raise NotConfigured("TWILIO_FROM is a messaging service, which cannot call. Set TWILIO_VOICE_FROM to a number.")
    return origin


def _conversation(message: Message) -> dict[str, Any]:
    """Where Twilio asks what to say and reports. Where it cannot reach us the page is read out and no key is taken."""
    if not can_reach(message.talk_url):
        return {"twiml": f"<Response><Pause/><Say>{escape(message.body)}</Say></Response>"}
    return {
        "url": message.talk_url,
        "method": "POST",
        "status_callback": message.status_url,
        "status_callback_event": EVENTS,
        "status_callback_method": "POST",
    }
