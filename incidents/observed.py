"""What monitors saw around an incident: single checks, and the states they add up to. Reads only, one query each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Q

from monitors.models import Monitor, Result, StateInterval
from monitors.overview import spans_of, state_now

Check = tuple[datetime, str]
Stretch = tuple[datetime, datetime, str]
# what did not run says nothing of the target
MARKS = {"ok": "up", "failed": "down", "blocked": "unknown", "missed": "unknown"}


def days_between(start: datetime, end: datetime) -> list[date]:
    """The days of the key of results, in UTC, that [start, end] touches."""
    return [(start + timedelta(days=ahead)).date() for ahead in range((end.date() - start.date()).days + 1)]


def checks_between(monitors: Iterable[Monitor], start: datetime, end: datetime, *, most: int) -> dict[int, list[Check]]:
    """(planned instant, state) of each check by monitor, oldest first; nothing for monitors with more than `most`."""
    keys = [monitor.pk for monitor in monitors]
    found = Result.objects.filter(
        day__in=days_between(start, end), monitor__in=keys, planned_at__gte=start, planned_at__lt=end
    ).order_by("planned_at")
    limit = (most + 1) * len(keys)
    rows = list(found.values_list("monitor_id", "planned_at", "outcome")[:limit]) if keys else []
    checks: dict[int, list[Check]] = {}
    for key, at, outcome in rows if len(rows) < limit else ():
        checks.setdefault(key, []).append((at, MARKS.get(outcome, "unknown")))
    return {key: theirs for key, theirs in checks.items() if len(theirs) <= most}


def stretches_between(
    monitors: Iterable[Monitor], start: datetime, end: datetime, *, now: datetime
) -> dict[int, list[Stretch]]:
    """(start, end, state) by monitor, oldest first; what an open interval no longer covers is unknown."""
    touching = Q(started_at__lt=end) & (Q(ended_at__isnull=True) | Q(ended_at__gt=start))
    found = StateInterval.objects.filter(touching, monitor__in=[monitor.pk for monitor in monitors])
    stretches: dict[int, list[Stretch]] = {}
    kept = ("monitor_id", "state", "started_at", "ended_at", "covered_until", "monitor__standing__silent_at")
    for key, *row in found.order_by("started_at").values_list(*kept):
        for span in spans_of(*row, now):
            stretches.setdefault(key, []).append((span.start, span.end, span.state))
    return stretches


def stands_at(monitor: Monitor, *, now: datetime) -> tuple[str, object]:
    """The state a monitor may claim now, and what its last check showed (None before the first)."""
    state, _since, standing = state_now(monitor, now)
    return state, standing
