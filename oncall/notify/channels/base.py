"""What every channel takes, answers and raises. Pure: standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from oncall.notify.retry import Failure
from oncall.notify.text import Facts

# A call to a provider: connecting, and everything together. No library may retry on its own.
CONNECT_S = 3.0
TOTAL_S = 5.0
_ERROR_LENGTH = 300


@dataclass(frozen=True)
class Message:
    """A finished page. `message_id` and `thread_id` let mail programs keep a story together; `ttl_s` is how long a
    provider may keep trying before the text is worth nothing; `status_url` is where it may report; `talk_url` is where
    the provider of a call asks what to say; `bounce_to` is where a letter that cannot be delivered comes back to.

    `page` is the page's public id and `attempt` its number; `changes` is the provider's id of what an update is about,
    `follows` of what a stand-down comes after; `button` is what a button carries, "" where there are none;
    `facts` are what the words were made of, for channels that send more than words; `sent_at` is the instant of the attempt;
    `secrets` sign it, the current one first."""

    subject: str
    body: str
    message_id: str
    thread_id: str = ""
    ttl_s: int = 60
    status_url: str = ""
    talk_url: str = ""
    bounce_to: str = ""
    page: str = ""
    attempt: int = 1
    changes: str = ""
    follows: str = ""
    button: str = ""
    facts: Facts | None = None
    sent_at: datetime | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProviderAnswer:
    """The provider took the message: its name, its id for it, its word for the state, and who it says sent it."""

    provider: str
    sid: str
    status: str
    http_status: int = 0
    sender: str = ""


class SendError(Exception):
    """The provider did not take the message, or we cannot tell.

    The text is safe to store and show: `redact` it first. `failure` says whether to try again and whom to blame.
    """

    def __init__(
        self,
        message: str,
        permanent: bool = False,
        ambiguous: bool = False,
        *,
        failure: Failure | None = None,
        http_status: int = 0,
    ) -> None:
        super().__init__(message[:_ERROR_LENGTH])
        self.failure = failure or Failure(permanent=permanent, ambiguous=ambiguous)
        self.http_status = http_status

    @property
    def permanent(self) -> bool:
        """Trying again would fail again."""
        return self.failure.permanent

    @property
    def ambiguous(self) -> bool:
        """The provider may have taken the message after all."""
        return self.failure.ambiguous


class Channel(Protocol):
    """One way to reach a person. Adding one: a file, a line in the registry, words in `notify/text.py`, a docs entry."""

    kind: str

    def validate(self, address: str) -> None:
        """Raise ValueError with a sentence when nothing could ever be sent to `address`."""

    def send(self, message: Message, address: str) -> ProviderAnswer:
        """Hand the message over, within TOTAL_S. Raises SendError. Never called inside a transaction."""


@dataclass(frozen=True)
class Question:
    """What we ask about: the provider's id if we know it, else all that would let it be found.

    `marker` is a part of the text that no other text to this address has; `known` are ids of other attempts.
    """

    sid: str
    address: str
    since: datetime
    marker: str
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Finding:
    """What the provider knows: its id and its word for the state."""

    provider: str
    sid: str
    status: str
    error_code: str = ""


class Inquirer(Protocol):
    """Asks a provider what became of a page."""

    kind: str

    def ask(self, question: Question) -> Finding | None:
        """Return what the provider knows, None when it knows of no such message. Raises SendError."""


class Canceller(Protocol):
    """Takes back what a provider has taken and not carried out yet."""

    kind: str

    def call_off(self, sid: str) -> Finding:
        """Ask the provider to give it up; return its word afterwards, whether or not it could. Raises SendError."""


class Whisperer(Protocol):
    """Says something in a chat that only one member sees."""

    def __call__(self, channel: str, user: str, text: str) -> None:
        """Say it. Raises SendError. Never called inside a transaction."""


def redact(text: str, *hidden: str) -> str:
    """Return `text` on one line, without any of the given secrets and addresses."""
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(secret, "[…]")
    return " ".join(text.split())


@dataclass(frozen=True)
class Standing:
    """How our account stands with a provider: `active`, `suspended`, `refused` or `unreachable`, and its own word for it."""

    state: str
    code: str = ""
