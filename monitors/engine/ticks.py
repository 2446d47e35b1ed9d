"""The engine's ticks: claim the coming slots, and sweep up what fell silent. Bounded, repeatable, safe at once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from monitors import judge, slots
from monitors.engine import bulk
from monitors.engine.causes import cause_of_silence
from monitors.engine.dispatch import dispatch
from monitors.engine.findings import MISSED, Finding
from monitors.engine.handover import hand_over
from monitors.engine.plans import as_milliseconds, lost_after, slot_instant
from monitors.models import MonitorState, ProbePlan, ProbeSlot
from monitors.probes.trace import Outcome, Trace
from monitors.services.monitors import down_rule
from monitors.services.transitions import Why, apply, lock_state, remember, standing_of
from monitors.states import MEASURED, State

CLAIM_BATCH = 10_000
SWEEP_BATCH = 200
SWEEP_GROUP = 10
SWEEP_S = 0.5
HANDOVER_SLACK = timedelta(seconds=2)  # results on their way into the database are not silence

_ADVANCE = "UPDATE monitors_probeslot SET next_due_at = %s, extra = %s, skipped_at = %s WHERE id = %s"


def claim(now: datetime) -> int:
    """Plan the slots of the coming window and send the plans to their probes; return how many slots."""
    until = slots.horizon(now, settings.PLAN_WINDOW_S)
    if not ProbeSlot.objects.filter(next_due_at__lt=until).exists():
        return 0  # without a look first, every idle second would take the write lock
    with transaction.atomic():
        due = ProbeSlot.objects.filter(next_due_at__lt=until).order_by("next_due_at")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        rows = list(due.select_related("location")[:CLAIM_BATCH])
        planned = _advance(rows, now, until)
        plans = [plan for group in planned.values() for plan in _plans(group, now)]
        ProbePlan.objects.bulk_create(plans)
        for plan in plans:
            transaction.on_commit(partial(dispatch, plan.pk, plan.location.name))
    return sum(plan.slot_count for plan in plans)


def sweep(now: datetime) -> int:
    """Record the slots of lost plans as missed, and close states that fell silent into unknown."""
    return _sweep_plans(now) + _sweep_silence(now)


Planned = dict[int, list[tuple[ProbeSlot, tuple[tuple[datetime, bool], ...]]]]


def _advance(rows: Iterable[ProbeSlot], now: datetime, until: datetime) -> Planned:
    """Move each row of the timetable on; return the planned slots by location."""
    planned: Planned = {}
    moved: list[tuple[Any, ...]] = []
    for row in rows:
        if row.next_due_at is None:
            continue
        due = slots.Due(row.next_due_at, row.interval_s, row.phase_ms, row.extra)
        got = slots.claim(due, now, until)
        skipped_at = now if got.skipped else row.skipped_at
        moved.append((bulk.stored(got.next_due_at), False, bulk.stored(skipped_at), row.pk))
        if got.planned:
            planned.setdefault(row.location_id, []).append((row, got.planned))
    if moved:
        with connection.cursor() as cursor:
            cursor.executemany(_ADVANCE, moved)
    return planned


def _plans(group: list[tuple[ProbeSlot, tuple[tuple[datetime, bool], ...]]], now: datetime) -> Iterable[ProbePlan]:
    by_monitor = {row.monitor_id: (row, planned) for row, planned in group}
    timeouts = _timeouts(by_monitor)
    counts = ((monitor_id, len(planned)) for monitor_id, (_, planned) in by_monitor.items())
    for members in slots.plans(counts, settings.PLAN_SLOTS):
        held = {pk: by_monitor[pk][1] for pk in members}
        instants = [at for planned in held.values() for at, _ in planned]
        yield ProbePlan(
            location=by_monitor[members[0]][0].location,
            slots={
                str(pk): [[as_milliseconds(at), int(extra)] for at, extra in planned] for pk, planned in held.items()
            },
            slot_count=len(instants),
            created_at=now,
            lost_after=lost_after(instants, max(timeouts[pk] for pk in members)),
        )


def _timeouts(monitor_ids: Iterable[int]) -> dict[int, int]:
    rows = ProbeSlot.objects.filter(monitor_id__in=list(monitor_ids))
    return dict(rows.values_list("monitor_id", "monitor__timeout_s"))


def _sweep_plans(now: datetime) -> int:
    lost = list(ProbePlan.objects.filter(lost_after__lt=now).order_by("lost_after")[:SWEEP_BATCH])
    for plan in lost:
        hand_over(_lost_findings(plan), now=now, ended_plans=[plan.pk])
    return len(lost)


def _lost_findings(plan: ProbePlan) -> list[Finding]:
    trace = Trace(outcome=Outcome.MISSED, code="lost", sentence=MISSED["lost"])
    return [
        Finding(int(pk), 0, plan.location_id, slot_instant(milliseconds), bool(retry), 0, trace)
        for pk, planned in plan.slots.items()
        for milliseconds, retry in planned
    ]


def _sweep_silence(now: datetime) -> int:
    """States whose last result no longer speaks, a few in a transaction, for at most SWEEP_S.

    It can wait: whoever reads a state is told the truth already (monitors.believed).
    """
    states = [state.value for state in MEASURED]
    silent = MonitorState.objects.filter(silent_at__lt=now - HANDOVER_SLACK, state__in=states).order_by("silent_at")
    found = list(silent.values_list("pk", "last_at", "silent_at")[:SWEEP_BATCH])
    under_way = _under_way(now) if found else {}
    ids = [pk for pk, last, until in found if not _may_still_speak(under_way.get(pk, []), last, until)]
    closed, ends = 0, time.monotonic() + SWEEP_S
    for start in range(0, len(ids), SWEEP_GROUP):
        began = time.monotonic()
        closed += _close_silent(ids[start : start + SWEEP_GROUP], now)
        if time.monotonic() >= ends:
            break
        time.sleep(time.monotonic() - began)  # half the time is other writers'
    return closed


def _may_still_speak(under_way: list[datetime], last: datetime | None, until: datetime | None) -> bool:
    """Whether a result is on the way that would come soon enough after the last one."""
    return last is not None and until is not None and any(last < slot <= until for slot in under_way)


def _under_way(now: datetime) -> dict[int, list[datetime]]:
    """Slots of plans that are not lost yet, by monitor: their results may be on the way, and that is no silence."""
    slots_of: dict[int, list[datetime]] = {}
    for planned in ProbePlan.objects.filter(lost_after__gte=now).values_list("slots", flat=True):
        for pk, held in planned.items():
            slots_of.setdefault(int(pk), []).extend(slot_instant(milliseconds) for milliseconds, _ in held)
    return slots_of


@transaction.atomic
def _close_silent(monitor_ids: list[int], now: datetime) -> int:
    closed = 0
    for monitor_id in sorted(monitor_ids):
        row = lock_state(monitor_id)
        if row.monitor.retired_at or State(row.state) not in MEASURED:
            continue
        standing, changes = judge.silence(standing_of(row), now - HANDOVER_SLACK)
        if changes:
            why = Why(cause=cause_of_silence(row, now=now).value)
            apply(row, changes, monitor=row.monitor, rule=down_rule(row.monitor), why=why, now=now)
            remember(row, standing)
            row.save()
            closed += 1
    return closed
