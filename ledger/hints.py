"""Knock on the next door after commit. A hint may be lost: ticks every second find the work (law 2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog
from django.db import connection, transaction

log = structlog.get_logger(__name__)

NAMES = ("probe", "intake", "plan", "send", "link", "ping", "webhook", "seal", "accounts", "alive")

_publish: Callable[[str], None] | None = None


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
    fire = _FIRE[name]
    # asked of Django's own list, because a rollback, also of a savepoint, takes callbacks out of it
    if not any(waiting[1] is fire for waiting in connection.run_on_commit):
        transaction.on_commit(fire)


def _fire(name: str) -> None:
    publish = _publish
    if publish is None:
        return
    try:
        publish(name)
    except Exception as error:  # noqa: BLE001 - whatever the broker does, the committed row is the truth
        log.warning("hint_lost", hint=name, error=type(error).__name__)


_FIRE = {name: partial(_fire, name) for name in NAMES}
