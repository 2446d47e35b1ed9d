"""Was the monitoring itself running on a day: monitors active, checks expected and executed, the longest silence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import CharField, Count, Max, Min, Q
from django.db.models.functions import Cast, Substr

from ledger.seal_text import midnight_after
from monitors.expected import Version, expected_slots, was_active
from monitors.models import Monitor, ProbeSlot, Result
from monitors.samples import hour_start, packed_checks, packed_slots, packed_until

EXECUTED = ("ok", "failed")
KEPT = timedelta(days=800)  # packs; rows of single checks become packs after two days
SHORTEST_GAP_S = 60  # gaps are looked for between minutes
MS = timedelta(milliseconds=1)
OPENED_FIRST = 4  # monitors whose packs are opened before it is asked whether a gap is left


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
    rows_from = max(start, min(end, hour_start(packed_until())))
    ran, counted = _ran_in_rows(day, rows_from)
    executed = counted + packed_checks(start, rows_from)
    if not executed and now - end > KEPT:
        return Continuity(len(held), expected, None if expected else 0, None)
    return Continuity(len(held), expected, executed, _silence(ran, start, rows_from, end) if expected else None)


def _versions(end: datetime) -> dict[str, list[Version]]:
    """Every monitor's versions from before `end`, in order, by public id."""
    found: dict[str, list[Version]] = defaultdict(list)
    rows = Monitor.history.filter(history_date__lt=end).order_by("version")
    columns = rows.values_list("public_id", "history_date", "interval_s", "paused_at", "retired_at")
    for public_id, since, interval_s, paused_at, retired_at in columns.iterator(chunk_size=2_000):
        found[public_id].append(Version(since, interval_s, bool(paused_at or retired_at)))
    return dict(found)


def _ran_in_rows(day: date, since: datetime) -> tuple[list[int], int]:
    """First and last check of each minute of the hours that are rows still, and how many the timetable had.

    By the minute, because a day may hold millions of results; cutting the text of the instant is native to both
    databases. Instants are milliseconds into the day.
    """
    start = midnight_after(day) - timedelta(days=1)
    rows = Result.objects.filter(day=day, planned_at__gte=since, outcome__in=EXECUTED)
    by_minute = rows.annotate(minute=Substr(Cast("planned_at", CharField()), 1, 16)).values("minute").order_by("minute")
    told = list(
        by_minute.annotate(
            first=Min("planned_at"), last=Max("planned_at"), counted=Count("planned_at", filter=Q(retry=False))
        )
    )
    ran = [(row[end] - start) // MS for row in told for end in ("first", "last")]
    return ran, sum(row["counted"] for row in told)


def _silence(ran: list[int], start: datetime, rows_from: datetime, end: datetime) -> int:
    """The longest stretch of `[start, end)` without a check, in seconds; 0 for less than a minute.

    Packs are opened for a few monitors, then for twice as many, and only while a gap is left that others might fill:
    of five hundred monitors the first dozen shows that an ordinary day had none.
    """
    length = (end - start) // MS
    longest = _longest_gap(ran, length)
    waiting = (
        list(Monitor.objects.order_by("interval_s", "pk").values_list("pk", flat=True)) if start < rows_from else []
    )
    opened = OPENED_FIRST
    while waiting and longest:
        some, waiting = waiting[:opened], waiting[opened:]
        opened *= 2
        for hour, slots in packed_slots(some, start, rows_from):
            begins = (hour - start) // MS
            ran += [begins + offset_ms for offset_ms, outcome, _ in slots if outcome in EXECUTED]
        longest = _longest_gap(ran, length)
    return longest


def _longest_gap(ran: list[int], length: int) -> int:
    bounds = [0, *sorted(ran), length]
    seconds = max(later - earlier for earlier, later in pairwise(bounds)) // 1000
    return seconds if seconds >= SHORTEST_GAP_S else 0
