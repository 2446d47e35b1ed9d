"""What the sweep does: slots of lost plans are missed, and states that fell silent are unknown."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction

from monitors import judge
from monitors.engine.causes import cause_of_silence
from monitors.engine.findings import MISSED, Finding
from monitors.engine.handover import hand_over
from monitors.engine.plans import slot_instant
from monitors.kinds import HEARTBEAT
from monitors.models import MonitorState, ProbePlan
from monitors.probes.trace import Outcome, Trace
from monitors.services.monitors import down_rule
from monitors.services.transitions import Why, apply, lock_state, remember, standing_of
from monitors.states import MEASURED, State

SWEEP_BATCH = 200
SWEEP_GROUP = 10
SWEEP_S = 0.5
HANDOVER_SLACK = timedelta(seconds=2)  # results on their way into the database are not silence


def sweep_plans(now: datetime) -> int:
    """Record the slots of plans that nobody ran as missed; return how many plans were lost."""
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


def sweep_silence(now: datetime) -> int:
    """States whose last result no longer speaks, a few in a transaction, for at most SWEEP_S.

    It can wait: whoever reads a state is told the truth already (monitors.believed).
    """
    states = [state.value for state in MEASURED]
    silent = MonitorState.objects.filter(silent_at__lt=now - HANDOVER_SLACK, state__in=states).order_by("silent_at")
    # a heartbeat's silence is decided by its own step, from its pings: written down here it could not be taken back
    silent = silent.exclude(monitor__kind=HEARTBEAT)
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
