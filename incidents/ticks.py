"""What the engine does for incidents each second. Safe to run twice, at once, and late."""

from __future__ import annotations

from datetime import datetime

from incidents import intake as signals
from incidents.services.sms import apply_waiting


def intake(now: datetime) -> int:
    """Act on texts that a stopped process left behind, then take waiting signals; return how many of both."""
    return apply_waiting(now=now) + signals.run(now)
