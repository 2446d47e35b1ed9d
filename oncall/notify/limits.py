"""How often a contact and an account may be used. Pure: standard library only; numbers and reasons in docs/paging.md, "Storms".

A limit holds a page back, it never drops one: each answer here is the instant at which to look again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

# A window: at most so many messages within so many seconds.
Window = tuple[int, int]

# Occasions that count against a contact's windows, and wait for them. What somebody asked for themselves does neither.
LIMITED = ("step", "responder", "bundle")
# A service of which nothing went to a contact for so long is news there: its first page waits for no window.
NEWS_AFTER = timedelta(hours=1)


def longest(windows: Sequence[Window]) -> timedelta:
    """How far back the windows look."""
    return timedelta(seconds=max((within_s for _, within_s in windows), default=0))


def next_allowed(windows: Sequence[Window], sent: Sequence[datetime], now: datetime) -> datetime | None:
    """Return when another message may go to a contact; None when it may go now.

    sent: when messages went there, in any order. Each window alone is full until enough of them have grown older than
    it; all must have room, and no window fills up by waiting, so the latest of these instants is the answer.
    """
    until = None
    for most, within_s in windows:
        within = timedelta(seconds=within_s)
        lately = sorted(at for at in sent if now - within < at <= now)
        if len(lately) >= most:
            free = lately[-most] + within
            until = free if until is None else max(until, free)
    return until


def take_turn(next_at: datetime | None, now: datetime, *, per_s: float, burst: int) -> tuple[datetime | None, datetime]:
    """Ask an account that takes `per_s` messages a second for its next turn, up to `burst` of them at once.

    next_at: what the last turn returned, None before the first. Returns (None, the new next_at) when it is our turn now, or
    (when to ask again, next_at as it was). An account that was idle saves up `burst` turns and no more.
    """
    apart = timedelta(seconds=1 / per_s)
    theirs = max(next_at or now, now)
    earliest = theirs - apart * (burst - 1)
    if earliest > now:
        return earliest, theirs
    return None, theirs + apart
