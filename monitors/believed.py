"""What may be believed of a state at an instant: the one rule for screens, API and reports. Standard library only.

A measured state is true to now while its last result is recent, which is until `silent_at` (two intervals
and a timeout after it). After that it was true until `covered_until`, to which the result speaks, and the rest
is unknown, also before the sweep has written it so.
"""

from __future__ import annotations

from datetime import datetime

from monitors.states import MEASURED, State


def believed(
    state: str, since: datetime, covered_until: datetime | None, silent_at: datetime | None, now: datetime
) -> tuple[str, datetime]:
    """The state that may be claimed at `now`, and since when."""
    if covered_until is None or not _silent(state, silent_at, now):
        return state, since
    return State.UNKNOWN.value, max(covered_until, since)


def stretches(
    state: str,
    start: datetime,
    end: datetime | None,
    covered_until: datetime | None,
    silent_at: datetime | None,
    now: datetime,
) -> list[tuple[datetime, datetime, str]]:
    """An interval up to `now` as (start, end, state): one, or two when an open one has fallen silent."""
    if end is not None:
        return [(start, end, state)]
    until = max(now, start)
    now_state, since = believed(state, start, covered_until, silent_at, now)
    if now_state == state:
        return [(start, until, state)]
    return [(start, since, state), (since, until, now_state)]


def _silent(state: str, silent_at: datetime | None, now: datetime) -> bool:
    return state in MEASURED and silent_at is not None and now > silent_at
