"""Was the monitoring itself running on a day: monitors active, checks expected and executed, the longest silence.

Packs know how many of their samples were good and failed, so a day is counted without opening one. Only the longest
silence needs instants, and of an hour as few packs are opened as show that it has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, F, FloatField, Func, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Cast, Substr
from django.db.models.lookups import GreaterThan

from ledger.seal_text import midnight_after
from monitors.expected import Mark, Version, during, expected_slots, has_gap, longest_gap_s, marks, was_active
from monitors.kinds import HEARTBEAT
from monitors.models import Monitor, MonitorLocation, Result, ResultPack
from monitors.packs import slots
from monitors.samples import LATE_AFTER, MS, hour_of, hour_start, packed_until

EXECUTED = ("ok", "failed")
KEPT = timedelta(days=800)  # packs; rows of single checks become packs after two days
Place = tuple[datetime | None, datetime | None]  # since and until
EVERYWHERE: Place = (None, None)
FIRST_PACKS = 8  # monitors whose packs are opened first; as many again, and again, while an hour still has a gap


class Seconds(Func):
    """An instant in seconds. Django computes with instants in SQLite by a Python function for each row."""

    arity = 1
    output_field = FloatField()
    template = "EXTRACT(EPOCH FROM %(expressions)s)"

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """SQLite counts in days."""
        return self.as_sql(compiler, connection, template="(julianday(%(expressions)s) * 86400)", **more)


# such a result is stored as the row it is, and counts in no figure
_TOO_LATE = Q(GreaterThan(Seconds("recorded_at") - Seconds("planned_at"), LATE_AFTER.total_seconds()))


@dataclass(frozen=True)
class Continuity:
    """The figures of one day (UTC). None: no longer known, because the day's results are not kept any more.

    longest_gap_s: the longest stretch in which no check of any monitor ran, 0 for less than a minute; None also
    on a day with nothing to check. late: checks whose results came too late to count.
    """

    monitors: int
    checks_expected: int
    checks_executed: int | None
    longest_gap_s: int | None
    checks_late: int | None = 0


@dataclass(frozen=True)
class Ran:
    """What one monitor came to on one day. missed: expected and not executed; late ones are among them."""

    expected: int
    executed: int
    late: int

    @property
    def missed(self) -> int:
        """Slots of the timetable that nothing in time came of."""
        return max(0, self.expected - self.executed)


def continuity_of(day: date, *, now: datetime) -> Continuity:
    """What a day's monitoring came to. Expected is counted from the settings in force, so a stopped engine shows."""
    end = midnight_after(day)
    ran = ran_on(day)
    expected = sum(one.expected for one in ran.values())
    executed = sum(one.executed for one in ran.values())
    held = sum(one.expected > 0 for one in ran.values())
    if not executed and now - end > KEPT:
        return Continuity(held, expected, None if expected else 0, None, None if expected else 0)
    late = sum(one.late for one in ran.values())
    gap = longest_gap_s(_marks(day), end - timedelta(days=1), end) if expected else None
    return Continuity(held, expected, executed, gap, late)


def ran_on(day: date, monitors: Collection[Monitor] | None = None, *, until: datetime | None = None) -> dict[str, Ran]:
    """Expected, executed and late checks of a day, by the public id of each monitor that was to be checked on it.

    monitors: only these; all if None. until: what is planned from then on is not expected yet.
    """
    whole = midnight_after(day)
    start, end = whole - timedelta(days=1), min(whole, until or whole)
    found = Monitor.objects.values_list("public_id", "pk")
    keys = dict(found if monitors is None else found.filter(pk__in=[one.pk for one in monitors]))
    executed, late, places = _executed(day, list(keys.values())), _late(day), places_until(end)
    return {
        public_id: Ran(
            sum(
                expected_slots(public_id, during(versions, *place), start, end)
                for place in places.get(keys[public_id], [EVERYWHERE])
            ),
            executed.get(keys[public_id], 0),
            late.get(keys[public_id], 0),
        )
        for public_id, versions in versions_until(end, None if monitors is None else keys).items()
        if was_active(versions, start, end)
    }


@dataclass(frozen=True)
class DayOfMonitor:
    """One day of one monitor. longest_gap_s: without a check of it, 0 for less than a minute; today until now."""

    day: date
    ran: Ran
    longest_gap_s: int


def days_of(monitor: Monitor, *, now: datetime, count: int = 14) -> list[DayOfMonitor]:
    """The last days on which a monitor was to be checked, newest first; of today only what is over is expected."""
    today = now.astimezone(UTC).date()
    found = []
    for day in (today - timedelta(days=back) for back in range(count)):
        ran = ran_on(day, [monitor], until=now).get(monitor.public_id)
        if ran is not None:
            found.append(DayOfMonitor(day, ran, longest_gap_of(monitor, day, until=now)))
    return found


def longest_gap_of(monitor: Monitor, day: date, *, until: datetime | None = None) -> int:
    """The longest stretch of a day in which no check of this monitor ran, in seconds; 0 for less than a minute."""
    end = midnight_after(day)
    return longest_gap_s(_marks(day, [monitor.pk]), end - timedelta(days=1), min(end, until or end))


def versions_until(end: datetime, chosen: Collection[str] | None = None) -> dict[str, list[Version]]:
    """Every checked monitor's versions from before `end`, in order, by public id; of the chosen ones if given.

    Heartbeats are not checked: nothing of ours has to run for them.
    """
    found: dict[str, list[Version]] = defaultdict(list)
    rows = Monitor.history.filter(history_date__lt=end).exclude(kind=HEARTBEAT).order_by("version")
    if chosen is not None:
        rows = rows.filter(public_id__in=chosen)
    columns = rows.values_list("public_id", "history_date", "interval_s", "paused_at", "retired_at")
    for public_id, since, interval_s, paused_at, retired_at in columns.iterator(chunk_size=2_000):
        found[public_id].append(Version(since, interval_s, bool(paused_at or retired_at)))
    return dict(found)


def places_until(end: datetime) -> dict[int, list[Place]]:
    """From when to when each monitor was checked from each of its locations, by monitor, as it was before `end`.

    The first place of a monitor reaches back to its beginning: places are written down since a later release.
    """
    rows = MonitorLocation.history.filter(history_date__lt=end).order_by("history_date", "history_id")
    links: dict[int, dict[str, Place]] = defaultdict(dict)
    for public_id, monitor_id, at, retired_at in rows.values_list(
        "public_id", "monitor_id", "history_date", "retired_at"
    ):
        held = links[monitor_id]
        since = held[public_id][0] if public_id in held else at if held else None
        held[public_id] = since, retired_at
    return {monitor_id: list(held.values()) for monitor_id, held in links.items()}


def _bounds(day: date) -> tuple[datetime, datetime, datetime]:
    """Where the day begins, from where on its hours are still rows, and where it ends."""
    end = midnight_after(day)
    start = end - timedelta(days=1)
    return start, max(start, min(end, hour_start(packed_until()))), end


def _executed(day: date, monitor_ids: list[int]) -> dict[int, int]:
    """Checks that ran, by monitor: the figures of the packs, and the rows that are not packed yet."""
    start, rows_from, end = _bounds(day)
    found: dict[int, int] = defaultdict(int)
    packs = _packs(monitor_ids, start, rows_from).values("monitor_id").annotate(n=Sum(F("good") + F("failed")))
    for monitor_id, count in packs.order_by().values_list("monitor_id", "n"):
        found[monitor_id] += count
    if rows_from < end:
        rows = _rows(day, rows_from).filter(retry=False, monitor__in=monitor_ids).values("monitor_id")
        for monitor_id, count in rows.annotate(n=Count("planned_at")).order_by().values_list("monitor_id", "n"):
            found[monitor_id] += count
    return found


def _late(day: date) -> dict[int, int]:
    """Checks whose results came too late, by monitor: they stay rows."""
    found = Result.objects.filter(_TOO_LATE, day=day, outcome__in=EXECUTED, retry=False).values("monitor_id")
    return dict(found.annotate(n=Count("planned_at")).order_by().values_list("monitor_id", "n"))


def _packs(monitor_ids: list[int], start: datetime, end: datetime) -> QuerySet[ResultPack]:
    """Packs of whole hours. The key begins with the monitor: with each one named, a day is a few steps in it."""
    hours = {"hour__gte": hour_of(start), "hour__lt": hour_of(end)}
    return ResultPack.objects.filter(monitor__in=monitor_ids, revision=1, **hours)


def _rows(day: date, since: datetime) -> QuerySet[Result]:
    return Result.objects.filter(~_TOO_LATE, day=day, planned_at__gte=since, outcome__in=EXECUTED)


def _marks(day: date, monitor_ids: list[int] | None = None) -> list[Mark]:
    """First and last executed check of stretches that have no gap inside, in order."""
    start, rows_from, _ = _bounds(day)
    ids = list(Monitor.objects.values_list("pk", flat=True)) if monitor_ids is None else monitor_ids
    return _packed_marks(ids, start, rows_from) + _marks_of_rows(day, rows_from, monitor_ids)


def _packed_marks(monitor_ids: list[int], start: datetime, end: datetime) -> list[Mark]:
    """Packs are opened a few monitors at a time, those with the most checks first, and only of hours that still show
    a gap: where something ran all the time that is seen soon, and where nothing ran there is little to open."""
    if start >= end:
        return []
    counted = _packs(monitor_ids, start, end).values("monitor_id").annotate(n=Sum(F("good") + F("failed")))
    busiest = list(counted.order_by("-n", "monitor_id").values_list("monitor_id", flat=True))
    seen: dict[int, set[datetime]] = {hour: set() for hour in range(hour_of(start), hour_of(end))}
    gaping, at, size = set(seen), 0, FIRST_PACKS
    while gaping and at < len(busiest):
        packs = _packs(busiest[at : at + size], start, end).filter(hour__in=gaping).values_list("hour", "body")
        for hour, body in packs.iterator(chunk_size=500):
            seen[hour].update(_instants(hour, bytes(body)))
        gaping = {hour for hour in gaping if has_gap(seen[hour], hour_start(hour), hour_start(hour + 1))}
        at, size = at + size, size * 2
    return [mark for hour in sorted(seen) for mark in marks(seen[hour])]


def _instants(hour: int, body: bytes) -> list[datetime]:
    begins = hour_start(hour)
    return [begins + offset_ms * MS for offset_ms, outcome, _ in slots(body) if outcome in EXECUTED]


def _marks_of_rows(day: date, since: datetime, monitor_ids: list[int] | None) -> list[Mark]:
    """By the minute, because a day may hold millions of rows; cutting the text of an instant is native to both databases."""
    rows = _rows(day, since)
    if monitor_ids is not None:
        rows = rows.filter(monitor__in=monitor_ids)
    by_minute = rows.annotate(minute=Substr(Cast("planned_at", CharField()), 1, 16)).values("minute").order_by("minute")
    told = by_minute.annotate(first=Min("planned_at"), last=Max("planned_at"))
    return [(row["first"].astimezone(UTC), row["last"].astimezone(UTC)) for row in told]
