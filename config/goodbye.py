"""The last words of an engine that is told to stop: without them its silence is a crash."""

from __future__ import annotations

import structlog
from django.db import DatabaseError

from ledger.clock import now
from monitors.engine.watch import leave
from monitors.gaps import ENGINE, PROBER

log = structlog.get_logger(__name__)


def say_goodbye() -> None:
    """Note that this engine stops in good order. A database that is away hears nothing, and will call it a crash."""
    try:
        leave((ENGINE, PROBER, "beat", "sender"), now=now())
    except DatabaseError as error:
        log.warning("goodbye_not_noted", error=type(error).__name__)
