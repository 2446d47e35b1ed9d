"""A thread that gives a sign of life for a process that has no tick of its own: the web process."""

from __future__ import annotations

import threading

import structlog
from django.db import DatabaseError, close_old_connections

from ledger import liveness
from ledger.clock import now

log = structlog.get_logger(__name__)

EVERY_S = 10.0


def give_signs(component: str) -> threading.Thread:
    """Begin, in a daemon thread that ends with the process."""
    thread = threading.Thread(target=_run, args=(component, threading.Event()), name=f"{component}-signs", daemon=True)
    thread.start()
    return thread


def _run(component: str, never: threading.Event) -> None:
    while True:
        try:
            close_old_connections()
            liveness.beat(component, now=now())
            close_old_connections()
        except DatabaseError as error:
            log.warning("sign_lost", component=component, error=type(error).__name__)
        never.wait(EVERY_S)
