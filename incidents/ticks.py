"""What the engine does for incidents each second. Safe to run twice, at once, and late."""

from __future__ import annotations

from datetime import datetime

from incidents import intake as signals
from incidents.services import asking, keys, sms


def intake(now: datetime) -> int:
    """Act on texts and keys that a stopped process left behind, then take waiting signals, then ask again; return how many of all."""
    answers = sms.apply_waiting(now=now) + keys.apply_waiting(now=now)
    # signals before it: what has just recovered asks nobody again
    return answers + signals.run(now) + asking.ask_again_due(now)
