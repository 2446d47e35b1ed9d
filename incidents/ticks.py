"""What the engine does for incidents each second. Safe to run twice, at once, and late."""

from __future__ import annotations

from datetime import datetime

from incidents import intake as signals
from incidents.handoffs import tell_due
from incidents.services import asking, keys, sms, taps


def handoffs(now: datetime) -> int:
    """Tell who comes on call what they take over; return how many were told."""
    return tell_due(now)


def intake(now: datetime) -> int:
    """Act on texts, keys and buttons that a stopped process left behind, take waiting signals, ask again; return how many."""
    answers = sms.apply_waiting(now=now) + keys.apply_waiting(now=now) + taps.apply_waiting(now=now)
    # signals before it: what has just recovered asks nobody again
    return answers + signals.run(now) + asking.ask_again_due(now)
