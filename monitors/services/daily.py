"""Days of monitors: written down a quarter of an hour after they are over, once, and never computed again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q

from accounts.models import Organisation
from ledger.record import record
from monitors.availability import Figures, Window, availability
from monitors.models import DailyAvailability, Monitor
from monitors.queries import spans

# results that come later than that count in no figure
AFTER = timedelta(minutes=15)
ONE_DAY = timedelta(days=1)
MONITORS, DAYS = 50, 31
BUDGET_S = 0.3
_MS = ("up_ms", "degraded_ms", "down_ms", "unknown_ms", "paused_ms")


def write_days(now: datetime) -> int:
    """Write the days that are over and have no row, oldest first, for at most BUDGET_S; return how many.

    Days are those of the organisation's zone as it is when they are written. Days that the engine slept through are
    written afterwards, and what nobody watched in them is unknown.
    """
    house = Organisation.current()
    last = (now - AFTER).astimezone(house.zone).date() - ONE_DAY
    done, ends = 0, time.monotonic() + BUDGET_S
    while time.monotonic() < ends:
        monitors = _lacking(house, last)
        if not monitors:
            return done
        done += _write(house, monitors, last, now)
    return done


def _lacking(house: Organisation, last: date) -> list[Monitor]:
    """Monitors of which a day up to `last` is not written, as long as they lived."""
    over = house.midnight(last + ONE_DAY)
    found = Monitor.objects.annotate(newest=Max("days__day"), until=Max("days__end_at")).filter(created_at__lt=over)
    behind = Q(newest__isnull=True) | Q(newest__lt=last)
    alive = Q(retired_at__isnull=True) | Q(until__isnull=True) | Q(retired_at__gt=F("until"))
    return list(found.filter(behind, alive).order_by("pk")[:MONITORS])


def _write(house: Organisation, monitors: Sequence[Monitor], last: date, now: datetime) -> int:
    rows: list[DailyAvailability] = []
    for monitor in monitors:
        rows += _days_of(house, monitor, last, now)
    try:
        with transaction.atomic():
            DailyAvailability.objects.bulk_create(rows)
            digest = hashlib.sha256("".join(f"{_line(row)}\n" for row in rows).encode()).hexdigest()
            days = [row.day for row in rows]
            said = {"rows": len(rows), "first": f"{min(days)}", "last": f"{max(days)}", "sha256": digest}
            record("availability.days", [], said, now=now)
    except IntegrityError:
        return 0  # another engine was faster: one row a day
    return len(rows)


def _days_of(house: Organisation, monitor: Monitor, last: date, now: datetime) -> list[DailyAvailability]:
    born = monitor.created_at or now
    newest = getattr(monitor, "newest", None)
    day = newest + ONE_DAY if newest else born.astimezone(house.zone).date()
    ends = monitor.retired_at or now
    days: list[date] = []
    while day <= last and len(days) < DAYS and (not days or house.midnight(day) < ends):
        days.append(day)
        day += ONE_DAY
    windows = [Window(house.midnight(one), house.midnight(one + ONE_DAY)) for one in days]
    lived = spans([monitor.pk], windows[0].start, windows[-1].end, now=now).get(monitor.pk, [])
    told = availability({monitor.pk: lived}, windows, life=(born, monitor.retired_at), now=now)
    return [_row(house, monitor, one, figures, now) for one, figures in zip(days, told, strict=True)]


def _row(house: Organisation, monitor: Monitor, day: date, figures: Figures, now: datetime) -> DailyAvailability:
    return DailyAvailability(
        monitor=monitor,
        day=day,
        zone=house.timezone,
        start_at=figures.window.start,
        end_at=figures.window.end,
        policy=figures.policy,
        recorded_at=now,
        **{name: getattr(figures, name) for name in _MS},
    )


def _line(row: DailyAvailability) -> str:
    return "|".join(
        str(one) for one in (row.monitor.public_id, row.day, row.zone, *(getattr(row, name) for name in _MS))
    )
