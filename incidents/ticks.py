"""What the engine does for incidents each second. Safe to run twice, at once, and late."""

from __future__ import annotations

from datetime import datetime

from incidents import intake as signals
from incidents.services.sms import apply_waiting
from ledger.liveness import beat
from monitors.queries import oldest_unclaimed_signal


def intake(now: datetime) -> int:
    """Take waiting signals and waiting answers; return how many. Tells how old the oldest one was."""
    oldest = oldest_unclaimed_signal()
    lag_ms = 0 if oldest is None else max(0, int((now - oldest).total_seconds() * 1000))
    done = apply_waiting(now=now) + signals.run(now)
    beat("intake", now=now, lag_ms=lag_ms, rows=done)
    return done
