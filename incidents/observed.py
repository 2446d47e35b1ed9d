"""What monitors saw around an incident: single checks, and the states they add up to. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from monitors.models import Monitor, Result
from monitors.queries import Standing, spans, standings

Check = tuple[datetime, str]
Stretch = tuple[datetime, datetime, str]
# what did not run says nothing of the target
MARKS = {"ok": "up", "failed": "down", "blocked": "unknown", "missed": "unknown"}
CHECKS_WITHIN = timedelta(hours=24)  # results are rows for two days; a longer axis shows what they add up to


def checks_between(monitors: Iterable[Monitor], start: datetime, end: datetime, *, most: int) -> dict[int, list[Check]]:
    """(planned instant, state) of each check by monitor, oldest first; nothing for monitors with more than `most`.

    One query for each UTC day, because the key of results begins with the day.
    """
    keys = [monitor.pk for monitor in monitors]
    limit = (most + 1) * len(keys)
    found: list[tuple[int, datetime, str]] = []
    for day in _days(start, end) if keys and end - start <= CHECKS_WITHIN else ():
        rows = Result.objects.filter(day=day, monitor__in=keys, planned_at__gte=start, planned_at__lt=end)
        found += rows.order_by("planned_at").values_list("monitor_id", "planned_at", "outcome")[:limit]
    checks: dict[int, list[Check]] = {}
    for key, at, outcome in found if len(found) < limit else ():
        checks.setdefault(key, []).append((at, MARKS.get(outcome, "unknown")))
    return {key: theirs for key, theirs in checks.items() if len(theirs) <= most}


def _days(start: datetime, end: datetime) -> list[date]:
    return [start.date() + timedelta(days=ahead) for ahead in range((end.date() - start.date()).days + 1)]


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
