"""Providers of the demo: they take every message, remember its id, and send nothing anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from oncall.notify import channels
from oncall.notify.channels.base import Finding, Message, ProviderAnswer

HERE = "config.demo.recorder"
SENDER = "+447700900000"
OF_THEIR_OWN = {"email": f"{HERE}.RecordedMail", "voice": f"{HERE}.RecordedCall"}

# ids of texts and of calls that were taken since somebody last looked, and of calls that ring or wait
taken: list[str] = []
dialled: list[str] = []
ringing: set[str] = set()


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


class RecordedCall:
    """Takes calls, and remembers their ids so that somebody can pick up."""

    kind = "voice"

    def validate(self, address: str) -> None:
        """Every number will do."""

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Take it under an id in the provider's form."""
        sid = "CA" + hashlib.sha256(message.message_id.encode()).hexdigest()[:32]
        dialled.append(sid)
        ringing.add(sid)
        return ProviderAnswer("twilio", sid, "queued", 201, SENDER)


class RecordedCanceller:
    """Takes calls back that nobody has picked up."""

    kind = "voice"

    def call_off(self, sid: str) -> Finding:
        """The call ends if it still rings; one that was picked up goes on."""
        status = "canceled" if sid in ringing else "in-progress"
        ringing.discard(sid)
        return Finding("twilio", sid, status)


@contextmanager
def recording() -> Iterator[None]:
    """Let nothing leave this process until the block ends: the sender meets the recorder in place of providers."""
    real, asked, called_off = dict(channels.CHANNELS), dict(channels.INQUIRERS), dict(channels.CANCELLERS)
    # every channel there is, so that one of a later release cannot slip out
    channels.CHANNELS.update(dict.fromkeys(real, f"{HERE}.RecordedSms") | OF_THEIR_OWN)
    channels.INQUIRERS.clear()
    channels.CANCELLERS.update(dict.fromkeys(called_off, f"{HERE}.RecordedCanceller"))
    _forget()
    try:
        yield
    finally:
        channels.CHANNELS.update(real)
        channels.INQUIRERS.update(asked)
        channels.CANCELLERS.update(called_off)
        _forget()


def _forget() -> None:
    channels.channel.cache_clear()
    channels.inquirer.cache_clear()
    channels.canceller.cache_clear()
    taken.clear()
    dialled.clear()
    ringing.clear()
