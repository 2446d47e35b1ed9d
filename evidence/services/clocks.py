"""Reading the clocks once an hour, so that a report can say what its instants are worth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, transaction

from evidence.kernel_clock import KernelClock, read_kernel_clock
from evidence.models import ClockReading
from ledger.record import record


def read_clocks(
    now: datetime, *, offset_ms: Callable[[], int], ask: Callable[[], KernelClock] = read_kernel_clock
) -> ClockReading | None:
    """Read them if nobody did in this hour; None if somebody did. Two engines at it leave one reading.

    offset_ms: measures this machine's clock minus the database's, in milliseconds.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    if ClockReading.objects.filter(hour=hour).exists():
        return None
    kernel = ask()
    try:
        with transaction.atomic():
            reading = ClockReading.objects.create(
                hour=hour,
                read_at=now,
                source=kernel.source,
                synchronised=kernel.synchronised,
                max_error_ms=kernel.max_error_ms,
                offset_ms=offset_ms(),
            )
            said = {
                "source": reading.source,
                "synchronised": reading.synchronised,
                "max_error_ms": reading.max_error_ms,
                "offset_ms": reading.offset_ms,
            }
            record("clock.read", [reading], said, now=now)
    except IntegrityError:
        return None
    return reading
