"""Why nothing was heard of a monitor: told from what its timetable and its last slot say."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from monitors.models import MonitorState, ProbeSlot
from monitors.probes.trace import Outcome
from monitors.states import Cause


def cause_of_silence(row: MonitorState, *, now: datetime) -> Cause:
    """The cause of the unknown span that begins where the last result of `row` ends."""
    slot = ProbeSlot.objects.filter(monitor_id=row.pk).first()
    if slot is not None and _engine_stopped(slot, row, now):
        return Cause.ENGINE_STOPPED
    if row.voters and row.seen_outcome in (Outcome.OK, Outcome.FAILED) and _heard_since(row):
        return Cause.NO_MAJORITY
    if row.seen_outcome == Outcome.BLOCKED:
        return Cause.ADDRESS_REFUSED
    if row.seen_outcome == Outcome.MISSED:
        return Cause.PROBE_LOST
    return Cause.NO_RESULT


def _heard_since(row: MonitorState) -> bool:
    """Whether a location spoke after the last slot on which a majority agreed."""
    return row.seen_at is not None and (row.last_at is None or row.seen_at > row.last_at)


def _engine_stopped(slot: ProbeSlot, row: MonitorState, now: datetime) -> bool:
    """Whether slots went by that nobody planned: still so, or found so when the engine came back."""
    if slot.next_due_at is not None and slot.next_due_at < now - timedelta(seconds=settings.PLAN_WINDOW_S):
        return True
    return slot.skipped_at is not None and row.last_at is not None and slot.skipped_at >= row.last_at
