"""SMS over Twilio: one segment, a limit on how long it may wait, and a place for Twilio to report to."""

from __future__ import annotations

from oncall.notify.channels.base import Message, ProviderAnswer, SendError
from oncall.notify.channels.twilio_client import can_reach, check_number, client, creating
from oncall.notify.providers import using


class SmsChannel:
    """Texts to phones."""

    kind = "sms"

    def validate(self, address: str) -> None:
        """Raise ValueError when `address` is not a phone number in E.164."""
        check_number(address)

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Ask Twilio to send the text. Raises SendError."""
        origin = using().origin
        sender = {"messaging_service_sid": origin} if origin.startswith("MG") else {"from_": origin}
        with creating(address):
            made = client().messages.create(
                to=address,
                body=message.body,
                validity_period=message.ttl_s,
                status_callback=message.status_url if can_reach(message.status_url) else None,
                **sender,
            )
        if not made.sid:
            raise SendError("Twilio answered without an id for the text.", ambiguous=True)
        return ProviderAnswer(using().name, made.sid, made.status or "accepted", 201, origin)
