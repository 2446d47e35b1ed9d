"""Providers of the demo: they take every message, remember its id, and send nothing anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from oncall.notify import channels
from oncall.notify.channels.base import Message, ProviderAnswer

HERE = "config.demo.recorder"
SENDER = "+447700900000"

# ids of texts that were taken since somebody last looked
taken: list[str] = []


class RecordedMail:
    """Takes mail."""

    kind = "email"

    def validate(self, address: str) -> None:
        """Every address will do."""

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Take it; mail has no receipts."""
        return ProviderAnswer("smtp", message.message_id, "accepted", 250, "watchbook@larkspur.example")


class RecordedSms:
    """Takes texts, and remembers their ids so that receipts can follow."""

    kind = "sms"

    def validate(self, address: str) -> None:
        """Every number will do."""

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Take it under an id in the provider's form."""
        sid = "SM" + hashlib.sha256(message.message_id.encode()).hexdigest()[:32]
        taken.append(sid)
        return ProviderAnswer("twilio", sid, "queued", 201, SENDER)


@contextmanager
def recording() -> Iterator[None]:
    """Let nothing leave this process until the block ends: the sender meets the recorder in place of providers."""
    real, asked = dict(channels.CHANNELS), dict(channels.INQUIRERS)
    # every channel there is, so that one of a later release cannot slip out
    channels.CHANNELS.update(dict.fromkeys(real, f"{HERE}.RecordedSms") | {"email": f"{HERE}.RecordedMail"})
    channels.INQUIRERS.clear()
    _forget()
    try:
        yield
    finally:
        channels.CHANNELS.update(real)
        channels.INQUIRERS.update(asked)
        _forget()


def _forget() -> None:
    channels.channel.cache_clear()
    channels.inquirer.cache_clear()
    taken.clear()
