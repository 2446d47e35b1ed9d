"""Why nothing was heard of a monitor: told from what its timetable and its last slot say."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from monitors.gaps import GapCause, Scope
from monitors.models import MonitorState, ProbeSlot
from monitors.probes.trace import Outcome
from monitors.services.gaps import overlapping
from monitors.states import Cause

GAP_CAUSES: dict[str, Cause] = {
    GapCause.DEPLOY: Cause.DEPLOY,
    GapCause.CRASH: Cause.CRASH,
    GapCause.HOST_DOWN: Cause.HOST_DOWN,
    GapCause.DATABASE: Cause.DATABASE,
    GapCause.CLOCK_STEP: Cause.CLOCK_STEP,
    GapCause.NETWORK: Cause.OWN_NETWORK,
}


def cause_of_silence(row: MonitorState, *, now: datetime) -> Cause:
    """The cause of the unknown span that begins where the last result of `row` ends."""
    known = cause_of_gap(row, now=now)
    if known is not None:
        return known
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


def cause_of_gap(row: MonitorState, *, now: datetime) -> Cause | None:
    """The cause of a gap that was written down since the monitor's last result; of several the longest one's."""
    since = row.last_at or row.since
    places = ProbeSlot.objects.filter(monitor_id=row.pk).values_list("location_id", flat=True)
    found = [
        (min(gap.ended_at or now, now) - max(gap.started_at, since), gap.cause)
        for gap in overlapping(since, now)
        if gap.scope == Scope.ALL or gap.location_id in set(places)
    ]
    if not found:
        return None
    return GAP_CAUSES.get(max(found)[1], Cause.ENGINE_STOPPED)


def _engine_stopped(slot: ProbeSlot, row: MonitorState, now: datetime) -> bool:
    """Whether slots went by that nobody planned: still so, or found so when the engine came back."""
    if slot.next_due_at is not None and slot.next_due_at < now - timedelta(seconds=settings.PLAN_WINDOW_S):
        return True
    return slot.skipped_at is not None and row.last_at is not None and slot.skipped_at >= row.last_at
