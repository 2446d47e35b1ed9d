"""When the end of a certificate is told, and how loud. Pure, standard library only; the rules are in docs/monitoring.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

DAY = timedelta(days=1)
QUIETEST, LOUDEST = 4, 1
# Days before the end from which a warning has this severity, and whether it wakes somebody.
LOUDNESS = ((14, 4, "low"), (7, 3, "low"), (1, 2, "low"), (-1, 1, "high"))
USUAL_SEVERITY = 3


class Warning(NamedTuple):
    """A threshold that was crossed: days before the end, and how loud that is."""

    threshold: int
    severity: int
    urgency: str


def warning(
    not_after: datetime,
    at: datetime,
    thresholds: Sequence[int],
    *,
    severity: int = USUAL_SEVERITY,
    urgency: str = "low",
) -> Warning | None:
    """The closest threshold crossed at `at`, None if the end is further away than all of them.

    severity, urgency: of the rule. A rule louder than usual makes every warning louder by as much.
    """
    crossed = [days for days in thresholds if not_after - at <= days * DAY]
    if not crossed:
        return None
    threshold = min(crossed)
    base, pressing = next((loud, press) for above, loud, press in LOUDNESS if threshold > above)
    told = min(max(base + severity - USUAL_SEVERITY, LOUDEST), QUIETEST)
    return Warning(threshold, told, "high" if "high" in (pressing, urgency) else "low")


def days_left(not_after: datetime, at: datetime) -> int:
    """Whole days until the end, negative after it."""
    return (not_after - at) // DAY


def remaining(not_after: datetime, at: datetime) -> str:
    """`has 12 days left`, `has less than a day left`, `ended 3 days ago`: how long it is still good, in words."""
    left = not_after - at
    if left < timedelta(0):
        gone = -left // DAY
        return f"ended {_days(gone)} ago" if gone else "ended today"
    return f"has {_days(left // DAY)} left" if left >= DAY else "has less than a day left"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"
