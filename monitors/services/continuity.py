"""The one writer of days of monitoring: a day that is over is counted once, and read ever after."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ledger.seal_text import midnight_after
from monitors.continuity import continuity_of
from monitors.models import ContinuityDay
from monitors.watching import up_seconds


def recorded_day(day: date, *, now: datetime) -> ContinuityDay:
    """What a day that is over came to: as it was written down, or counted and written down now.

    Two who count at once write one row. It has no line of its own: the day's seal, which is made of it, says and
    signs the same figures, and a day on which nothing happened stays quiet.
    """
    held = ContinuityDay.objects.filter(day=day).first()
    if held is not None:
        return held
    seen = continuity_of(day, now=now)
    figures = {
        "monitors": seen.monitors,
        "checks_expected": seen.checks_expected,
        "checks_executed": seen.checks_executed,
        "checks_late": seen.checks_late,
        "longest_gap_s": seen.longest_gap_s,
    }
    end = midnight_after(day)
    for component in ("engine", "sender", "database"):
        figures[f"{component}_up_s"] = up_seconds(component, end - timedelta(days=1), end)
    made, _ = ContinuityDay.objects.get_or_create(day=day, defaults={**figures, "recorded_at": now})
    return made
