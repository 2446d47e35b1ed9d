"""The beat table: what is knocked on regularly, kept in code and put into django-celery-beat's tables.

Only intervals: cron entries shift with clock changes and hang after restarts. Daily work is a row
unique by kind and period, so a second beat knocks twice and nothing is done twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from config.checks import BEAT_PREFIX as PREFIX

# How long a change of the operator's to the tables may take to be seen.
LOOK_EVERY_S = 5.0


# Celery's beat wakes 10 ms before an entry is due and then turns round without sleeping until it is.
SHORTEST_SLEEP_S = 0.01


class Scheduler(DatabaseScheduler):
    """django-celery-beat's scheduler at a third of its idle cost: it looks less often and never spins."""

    _looked_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return the seconds to sleep."""
        return max(super().tick(*args, **kwargs), SHORTEST_SLEEP_S)

    def schedule_changed(self) -> bool:
        """Whether somebody changed the tables, looked up at most every LOOK_EVERY_S."""
        if monotonic() - self._looked_at < LOOK_EVERY_S:
            return False
        self._looked_at = monotonic()
        return super().schedule_changed()


@dataclass(frozen=True)
class Row:
    """One entry: a task knocked on every `every_s` seconds on a queue; a knock older than twice that is dropped."""

    name: str
    task: str
    every_s: float
    queue: str

    def interval(self) -> tuple[int, str]:
        """Return the interval as django-celery-beat writes it: whole units only."""
        if self.every_s == int(self.every_s):
            return int(self.every_s), IntervalSchedule.SECONDS
        return round(self.every_s * 1_000_000), IntervalSchedule.MICROSECONDS

    def expires_s(self) -> int:
        """Seconds after which a knock that nobody took is worthless, because newer ones are behind it."""
        return max(2, round(self.every_s * 2))


def table() -> tuple[Row, ...]:
    """Return the entries of this version."""
    return (
        Row("engine tick", "watchbook.engine_tick", settings.TICK_S, "engine"),
        Row("housekeeping", "watchbook.housekeeping", 3600, "slow"),
    )


@transaction.atomic
def upsert_beat_table() -> int:
    """Put our entries as they are here, take away those we no longer have; return how many rows changed.

    Entries of the operator, recognised by not bearing our prefix, are left alone. Rows are only
    written when they differ, because every write makes every beat read its whole table again.
    """
    changed = 0
    rows = table()
    for row in rows:
        every, period = row.interval()
        interval, _ = IntervalSchedule.objects.get_or_create(every=every, period=period)
        wanted = {
            "task": row.task,
            "interval": interval,
            "crontab": None,
            "queue": row.queue,
            "expire_seconds": row.expires_s(),
            "enabled": True,
            "args": json.dumps([]),
            "kwargs": json.dumps({}),
        }
        entry = PeriodicTask.objects.filter(name=PREFIX + row.name).first() or PeriodicTask(name=PREFIX + row.name)
        if entry.pk and all(getattr(entry, field) == value for field, value in wanted.items()):
            continue
        for field, value in wanted.items():
            setattr(entry, field, value)
        entry.save()
        changed += 1
    stale = PeriodicTask.objects.filter(name__startswith=PREFIX).exclude(name__in=[PREFIX + row.name for row in rows])
    for entry in stale:
        entry.delete()
        changed += 1
    return changed
