"""The accounts that text and call for us, in order of preference, and which of them the code at hand speaks for.

A channel asks `using()` and knows no more of it; whoever calls a channel says `through(name)` around the call. Adding an account is a
line in `accounts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings

FIRST, SECOND = "twilio", "twilio_2"
# Channels that these accounts serve.
SERVED = ("sms", "voice")
_using: ContextVar[str] = ContextVar("provider", default=FIRST)


@dataclass(frozen=True)
class Account:
    """One account at a phone provider. `origin` is where texts come from, `voice_origin` calls; `previous`: the token before."""

    name: str
    sid: str
    token: str
    previous: str
    origin: str
    voice_origin: str
    base_url: str

    @property
    def set_up(self) -> bool:
        """Whether it can text at all."""
        return bool(self.sid and self.token and self.origin)


def first() -> Account:
    """The account that is used unless something speaks against it."""
    return Account(
        FIRST, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_PREVIOUS,
        settings.TWILIO_FROM, settings.TWILIO_VOICE_FROM, settings.TWILIO_BASE_URL,
    )  # fmt: skip


def second() -> Account:
    """The account that takes over, if one is set up."""
    return Account(
        SECOND, settings.TWILIO_SECOND_ACCOUNT_SID, settings.TWILIO_SECOND_AUTH_TOKEN, settings.TWILIO_SECOND_AUTH_TOKEN_PREVIOUS,
        settings.TWILIO_SECOND_FROM, settings.TWILIO_SECOND_VOICE_FROM, settings.TWILIO_SECOND_BASE_URL,
    )  # fmt: skip


def accounts() -> list[Account]:
    """The first, set up or not, and the second if it is."""
    return [first(), *([second()] if second().set_up else [])]


def names(kind: str) -> list[str]:
    """Names of the accounts that serve a channel, in order of preference; empty for other channels."""
    return [account.name for account in accounts()] if kind in SERVED else []


def using() -> Account:
    """The account for which the code at hand speaks."""
    return second() if _using.get() == SECOND else first()


def by_sid(sid: str | None) -> Account | None:
    """The account of ours with this id; None for a stranger's."""
    return next((account for account in accounts() if sid and account.sid == sid), None)


@contextmanager
def through(name: str) -> Iterator[None]:
    """Speak for one account. Names of other providers change nothing."""
    before = _using.set(name if name == SECOND else FIRST)
    try:
        yield
    finally:
        _using.reset(before)
