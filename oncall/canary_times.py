"""When a canary is due. Standard library only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = 7
EVERY_DAY = tuple(range(WEEK))


def read_at(text: str) -> time:
    """A time on the wall, `09:30`. Raises ValueError."""
    if len(text) != 5:
        raise ValueError(text)
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time on the wall has no zone


def last_slot(at: str, days: Collection[int], zone: ZoneInfo, now: datetime) -> datetime | None:
    """The newest instant, not after `now`, at which the wall of the zone showed `at` on one of the weekdays; None without a day.

    A time that a clock change leaves out is the instant an hour later; of one that comes twice, the first.
    """
    today = now.astimezone(zone).date()
    for back in range(WEEK + 1):
        day = today - timedelta(days=back)
        slot = datetime.combine(day, read_at(at), tzinfo=zone).astimezone(UTC)
        if day.weekday() in days and slot <= now:
            return slot
    return None


def next_slot(at: str, days: Collection[int], zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first such instant after `now`; None without a day."""
    today = now.astimezone(zone).date()
    for ahead in range(WEEK + 1):
        day = today + timedelta(days=ahead)
        slot = datetime.combine(day, read_at(at), tzinfo=zone).astimezone(UTC)
        if day.weekday() in days and slot > now:
            return slot
    return None
