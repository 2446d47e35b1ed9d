"""What the engine does for incidents each second. Safe to run twice, at once, and late."""

from __future__ import annotations

from datetime import datetime

from incidents import intake as signals
from incidents.services import keys, sms


def intake(now: datetime) -> int:
    """Act on texts and keys that a stopped process left behind, then take waiting signals; return how many of all."""
    return sms.apply_waiting(now=now) + keys.apply_waiting(now=now) + signals.run(now)
