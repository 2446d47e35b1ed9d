"""Claiming: rows of the timetable that are due soon become plans, and move on, in one short transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from monitors import slots
from monitors.engine import bulk
from monitors.engine.plans import as_milliseconds, lost_after
from monitors.models import ProbePlan, ProbeSlot

COLUMNS = (
    "pk", "monitor_id", "location_id", "next_due_at", "interval_s", "timeout_s", "phase_ms", "extra", "skipped_at",
)  # fmt: skip
_ADVANCE = "UPDATE monitors_probeslot SET next_due_at = %s, extra = %s, skipped_at = %s WHERE id = %s"

Planned = tuple[tuple[datetime, bool], ...]


class _Due(NamedTuple):
    """One row of the timetable."""

    pk: int
    monitor_id: int
    location_id: int
    next_due_at: datetime
    interval_s: int
    timeout_s: int
    phase_ms: int
    extra: bool
    skipped_at: datetime | None


def claim_some(now: datetime, until: datetime, limit: int, send: Callable[[ProbePlan], None]) -> tuple[int, int]:
    """Claim at most `limit` monitors due before `until`; return how many monitors and how many slots.

    One transaction; send(plan) is called for each plan after its commit. Rows another worker is claiming
    are skipped.
    """
    with transaction.atomic():
        due = ProbeSlot.objects.filter(next_due_at__lt=until).order_by("next_due_at")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        rows = [_Due(*row) for row in due.values_list(*COLUMNS)[:limit]]
        by_location: dict[int, list[tuple[_Due, Planned]]] = {}
        for row, planned in _advance(rows, now, until):
            by_location.setdefault(row.location_id, []).append((row, planned))
        plans = [plan for group in by_location.values() for plan in _plans(group, now)]
        ProbePlan.objects.bulk_create(plans)
        for plan in plans:
            transaction.on_commit(partial(send, plan))
    return len(rows), sum(plan.slot_count for plan in plans)


def _advance(rows: Iterable[_Due], now: datetime, until: datetime) -> list[tuple[_Due, Planned]]:
    """Move each row on; return those that have slots in the window."""
    found, moved = [], []
    for row in rows:
        got = slots.claim(slots.Due(row.next_due_at, row.interval_s, row.phase_ms, row.extra), now, until)
        skipped_at = now if got.skipped else row.skipped_at
        moved.append((bulk.stored(got.next_due_at), False, bulk.stored(skipped_at), row.pk))
        if got.planned:
            found.append((row, got.planned))
    if moved:
        with connection.cursor() as cursor:
            cursor.executemany(_ADVANCE, moved)
    return found


def _plans(group: list[tuple[_Due, Planned]], now: datetime) -> Iterator[ProbePlan]:
    by_monitor = {row.monitor_id: (row, planned) for row, planned in group}
    counts = ((monitor_id, len(planned)) for monitor_id, (_, planned) in by_monitor.items())
    for members in slots.plans(counts, settings.PLAN_SLOTS):
        held = [by_monitor[pk] for pk in members]
        yield ProbePlan(
            location_id=held[0][0].location_id,
            slots={
                str(row.monitor_id): [[as_milliseconds(at), int(extra)] for at, extra in planned]
                for row, planned in held
            },
            slot_count=sum(len(planned) for _, planned in held),
            created_at=now,
            lost_after=lost_after(
                max(at for _, planned in held for at, _ in planned), max(row.timeout_s for row, _ in held)
            ),
        )
