"""Where clocks change in a window, so that nobody is surprised by a day of 23 or 25 hours. docs/schedules.md, "The clock of a schedule"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from oncall.rota.calendar import Window

LOOK, INSTANT = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """At the instant `at` the wall jumps from the naive `shown` to the naive `becomes`."""

    at: datetime
    shown: datetime
    becomes: datetime

    @property
    def forward(self) -> bool:
        """Whether the wall leaves time out; else it shows some twice."""
        return self.becomes > self.shown


def clock_changes(within: Window, zone: ZoneInfo) -> list[ClockChange]:
    """The changes of a zone's offset in a window, in order. Two within a day are not told apart; no zone has had that."""
    found, at = [], within.start
    while at < within.end:
        following = min(at + LOOK, within.end)
        before, after = _offset(at, zone), _offset(following, zone)
        if before != after:
            changes = _edge(at, following, zone)
            wall = changes.replace(tzinfo=None)
            found.append(ClockChange(changes, wall + before, wall + after))
        at = following
    return found


def change_words(change: ClockChange) -> str:
    """`Sun 29 Mar 2026: 02:00 becomes 03:00`."""
    shown = change.shown
    return f"{shown:%a} {shown.day} {shown:%b} {shown.year}: {shown:%H:%M} becomes {change.becomes:%H:%M}"


def _edge(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first second with the offset of `high`."""
    wanted = _offset(high, zone)
    while high - low > INSTANT:
        middle = low + (high - low) / 2
        if _offset(middle, zone) == wanted:
            high = middle
        else:
            low = middle
    return (high + INSTANT / 2).replace(microsecond=0)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)
