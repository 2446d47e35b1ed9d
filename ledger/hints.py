"""Knock on the next door after commit. A hint may be lost: ticks every second find the work (law 2)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.db import connection, transaction

log = structlog.get_logger(__name__)

NAMES = ("probe", "intake", "plan", "send", "link")

_publish: Callable[[str], None] | None = None
_waiting = threading.local()


def set_publisher(publish: Callable[[str], None] | None) -> None:
    """Say how hints leave this process. None (the default) means they do not: the web process of the
    embedded mode has no broker to speak to."""
    global _publish
    _publish = publish


def hint(name: str) -> None:
    """After the current transaction, publish one hint of this name, however often it was asked for."""
    if name not in NAMES:
        raise ValueError(f"unknown hint {name!r}; one of {', '.join(NAMES)}")
    if _publish is None:
        return
    waiting: set[tuple[int, str]] = _waiting.__dict__.setdefault("names", set())
    key = (id(connection.connection), name)
    if connection.in_atomic_block and key in waiting and connection.run_on_commit:
        return
    waiting.add(key)
    transaction.on_commit(lambda: _fire(key))


def _fire(key: tuple[int, str]) -> None:
    _waiting.__dict__.setdefault("names", set()).discard(key)
    publish = _publish
    if publish is None:
        return
    try:
        publish(key[1])
    except Exception as error:  # noqa: BLE001 - whatever the broker does, the committed row is the truth
        log.warning("hint_lost", hint=key[1], error=type(error).__name__)
