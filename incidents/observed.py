"""What monitors saw around an incident: single checks, and the states they add up to. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitors.models import Monitor
from monitors.queries import Standing, spans, standings
from monitors.samples import samples

Check = tuple[datetime, str]
Stretch = tuple[datetime, datetime, str]
# what did not run says nothing of the target
MARKS = {"ok": "up", "failed": "down", "blocked": "unknown", "missed": "unknown"}
CHECKS_WITHIN = timedelta(hours=24)  # on a longer axis single checks cannot be told apart


def checks_between(monitors: Iterable[Monitor], start: datetime, end: datetime, *, most: int) -> dict[int, list[Check]]:
    """(planned instant, state) of each check by monitor, oldest first; nothing for monitors with more than `most`."""
    keys = [monitor.pk for monitor in monitors]
    if not keys or end - start > CHECKS_WITHIN:
        return {}
    found = samples(keys, start, end)
    return {
        key: [(one.planned_at, MARKS.get(one.outcome, "unknown")) for one in theirs]
        for key, theirs in found.items()
        if len(theirs) <= most
    }


def stretches_between(
    monitors: Iterable[Monitor], start: datetime, end: datetime, *, now: datetime
) -> dict[int, list[Stretch]]:
    """(start, end, state) by monitor, oldest first; what an open interval no longer covers is unknown."""
    found = spans([monitor.pk for monitor in monitors], start, end, now=now)
    return {key: [(span.start, span.end, span.state.value) for span in theirs] for key, theirs in found.items()}


def standing_of(monitors: Iterable[Monitor], *, now: datetime) -> dict[int, Standing]:
    """Where each monitor stands, by primary key; a monitor that was never judged is left out."""
    return standings([monitor.pk for monitor in monitors], now=now)


def shown_state(standing: Standing | None) -> str:
    """The state as a screen says it: a failure that is not confirmed yet is `verifying`, none at all `unknown`."""
    if standing is None:
        return "unknown"
    suspected = standing.verifying and not standing.alarm and standing.seen_outcome == "failed"
    return "verifying" if suspected else standing.state.value
