"""Was the monitoring itself running on a day: monitors active, checks expected and executed, the longest silence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import CharField, Count, Max, Min, Q
from django.db.models.functions import Cast, Substr

from ledger.seal_text import midnight_after
from monitors.expected import Version, expected_slots, was_active
from monitors.models import Monitor, ProbeSlot, Result
from monitors.samples import hour_start, packed_slots, packed_until

EXECUTED = ("ok", "failed")
KEPT = timedelta(days=800)  # packs; rows of single checks become packs after two days
SHORTEST_GAP_S = 60  # gaps are looked for between minutes
MINUTE = timedelta(minutes=1)

Minute = tuple[datetime, datetime, int]


@dataclass(frozen=True)
class Continuity:
    """The figures of one day (UTC). None: no longer known, because the day's results are not kept any more.

    longest_gap_s: the longest stretch in which no check of any monitor ran, 0 for less than a minute; None also
    on a day with nothing to check.
    """

    monitors: int
    checks_expected: int
    checks_executed: int | None
    longest_gap_s: int | None


def continuity_of(day: date, *, now: datetime) -> Continuity:
    """What a day's monitoring came to. Expected is counted from the settings in force, so a stopped engine shows."""
    end = midnight_after(day)
    start = end - timedelta(days=1)
    held = {public_id: versions for public_id, versions in _versions(end).items() if was_active(versions, start, end)}
    places = dict(
        ProbeSlot.objects.values("monitor__public_id").annotate(n=Count("pk")).values_list("monitor__public_id", "n")
    )
    expected = sum(
        places.get(public_id, 1) * expected_slots(public_id, versions, start, end)
        for public_id, versions in held.items()
    )
    minutes = _minutes(day)
    executed = sum(count for _, _, count in minutes)
    if not executed and now - end > KEPT:
        return Continuity(len(held), expected, None if expected else 0, None)
    return Continuity(len(held), expected, executed, _longest_gap(minutes, start, end) if expected else None)


def _versions(end: datetime) -> dict[str, list[Version]]:
    """Every monitor's versions from before `end`, in order, by public id."""
    found: dict[str, list[Version]] = defaultdict(list)
    rows = Monitor.history.filter(history_date__lt=end).order_by("version")
    columns = rows.values_list("public_id", "history_date", "interval_s", "paused_at", "retired_at")
    for public_id, since, interval_s, paused_at, retired_at in columns.iterator(chunk_size=2_000):
        found[public_id].append(Version(since, interval_s, bool(paused_at or retired_at)))
    return dict(found)


def _minutes(day: date) -> list[Minute]:
    """First and last executed check of each minute that had one, and how many of the timetable it had.

    By the minute, because a day may hold millions of results. Hours that are packed are read from their packs: of
    their rows only failures are kept.
    """
    end = midnight_after(day)
    start = end - timedelta(days=1)
    rows_from = max(start, min(end, hour_start(packed_until())))
    return _packed_minutes(start, rows_from) + _minutes_of_rows(day, rows_from)


def _packed_minutes(start: datetime, end: datetime) -> list[Minute]:
    if start >= end:
        return []
    found: dict[int, tuple[datetime, datetime, int]] = {}
    monitors = Monitor.objects.values_list("pk", flat=True)
    for at, outcome, retry in packed_slots(list(monitors), start, end):
        if outcome in EXECUTED:
            minute = (at - start) // MINUTE
            first, last, counted = found.get(minute, (at, at, 0))
            found[minute] = min(first, at), max(last, at), counted + (not retry)
    return [found[minute] for minute in sorted(found)]


def _minutes_of_rows(day: date, since: datetime) -> list[Minute]:
    """Cutting the text of the instant is native to both databases."""
    rows = Result.objects.filter(day=day, planned_at__gte=since, outcome__in=EXECUTED)
    by_minute = rows.annotate(minute=Substr(Cast("planned_at", CharField()), 1, 16)).values("minute").order_by("minute")
    told = by_minute.annotate(
        first=Min("planned_at"), last=Max("planned_at"), counted=Count("planned_at", filter=Q(retry=False))
    )
    return [(row["first"].astimezone(UTC), row["last"].astimezone(UTC), row["counted"]) for row in told]


def _longest_gap(minutes: list[Minute], start: datetime, end: datetime) -> int:
    starts = [*(first for first, _, _ in minutes), end]
    ends = [start, *(last for _, last, _ in minutes)]
    longest = max((began - ended for ended, began in zip(ends, starts, strict=True)), default=timedelta(0))
    seconds = int(longest.total_seconds())
    return seconds if seconds >= SHORTEST_GAP_S else 0
