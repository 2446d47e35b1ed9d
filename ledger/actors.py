"""Who does something: carried in a context variable by web, API, task and shell alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

KINDS = ("user", "token", "link", "sms", "voice", "slack", "command", "task", "system")


@dataclass(frozen=True)
class Actor:
    """The author of a change.

    kind: one of KINDS. id: public id of the person or token ("" for the system itself).
    label: how a screen names the actor; never written to history or ledger. via: the way in words,
    such as "screen", "API", "link in SMS". network: the /24 or /48 the request came from.
    """

    kind: str
    id: str = ""
    label: str = ""
    via: str = ""
    network: str = ""
    request_id: str = ""


SYSTEM = Actor("system", label="Watchbook", via="engine")

_current: ContextVar[Actor] = ContextVar("watchbook_actor", default=SYSTEM)


def current_actor() -> Actor:
    """Return the actor of this request, task or command; the system when nobody else acts."""
    return _current.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Do what follows in the name of `actor`; nothing leaks out of the block."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
