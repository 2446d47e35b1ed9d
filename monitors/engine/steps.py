"""After the clock was put: what was measured across the step is unknown, and the timetable goes on from now."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection, transaction

from monitors import judge
from monitors.engine import bulk
from monitors.models import MonitorState, ProbeSlot
from monitors.services.gaps import latest_step
from monitors.services.monitors import down_rule
from monitors.services.transitions import Why, apply, lock_state, remember, standing_of
from monitors.slots import next_slot
from monitors.states import MEASURED, Cause

AT_ONCE = 10
BUDGET_S = 0.5
ROWS = 500
_MOVE = "UPDATE monitors_probeslot SET next_due_at = %s, phase_ms = %s, extra = %s WHERE id = %s"


def sweep_steps(now: datetime) -> int:
    """Make states that were measured across the newest step unknown, a few in a transaction, for at most BUDGET_S.

    A last result from before a step forward, or from a time that is yet to come again, speaks for nothing now.
    """
    gap = latest_step(now)
    if gap is None or gap.ended_at is None:
        return 0
    forward = gap.step_s > 0
    found = MonitorState.objects.filter(state__in=[state.value for state in MEASURED])
    found = found.filter(last_at__lt=gap.ended_at) if forward else found.filter(last_at__gt=now + judge.SLACK)
    at, judged_from = (gap.started_at, gap.ended_at) if forward else (now, now)
    ids = list(found.order_by("pk").values_list("pk", flat=True)[: AT_ONCE * 50])
    done, ends = 0, time.monotonic() + BUDGET_S
    for start in range(0, len(ids), AT_ONCE):
        began = time.monotonic()
        done += _interrupt(ids[start : start + AT_ONCE], at, judged_from, now)
        if time.monotonic() >= ends:
            break
        time.sleep(time.monotonic() - began)  # half the time is other writers'
    return done


@transaction.atomic
def _interrupt(monitor_ids: list[int], at: datetime, judged_from: datetime, now: datetime) -> int:
    done = 0
    for monitor_id in monitor_ids:
        row = lock_state(monitor_id)
        if row.monitor.retired_at:
            continue
        standing, changes = judge.interrupt(standing_of(row), at, judged_from)
        if changes:
            why = Why(cause=Cause.CLOCK_STEP.value)
            apply(row, changes, monitor=row.monitor, rule=down_rule(row.monitor), why=why, now=now)
            remember(row, standing)
            row.save()
            done += 1
    return done


def repair_timetable(now: datetime) -> int:
    """Bring slots that lie further ahead than an interval back to the grid from now on, spread as it spreads them.

    The grid moves by a millisecond, so that a slot of the time that comes twice is no slot of the first time. In the
    caller's transaction; return how many rows were moved.
    """
    moved = []
    rows = ProbeSlot.objects.filter(next_due_at__gt=now).values_list("pk", "next_due_at", "interval_s", "phase_ms")
    for pk, due, interval_s, phase_ms in rows.iterator(chunk_size=ROWS):
        if due is not None and due > now + timedelta(seconds=interval_s) + judge.SLACK:
            phase = (phase_ms + 1) % (interval_s * 1000)
            moved.append((bulk.stored(next_slot(now, interval_s, phase)), phase, False, pk))
    for start in range(0, len(moved), ROWS):
        with connection.cursor() as cursor:
            cursor.executemany(_MOVE, moved[start : start + ROWS])
    return len(moved)
