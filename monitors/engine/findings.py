"""What travels between the parts of the engine: slots on their way to a probe, and what they came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.egress.guard import EgressRules
from monitors.probes.registry import Check
from monitors.probes.trace import Outcome, Trace


@dataclass(frozen=True, slots=True)
class Slot:
    """One check to start at its planned instant. due: seconds since the epoch. retry: counts in no figure."""

    due: float
    planned_at: datetime
    retry: bool
    monitor_id: int
    monitor_version: int
    location_id: int
    interval_s: int
    check: Check


@dataclass(frozen=True, slots=True)
class Job:
    """A plan, loaded and ready for a prober."""

    plan_id: int
    slots: tuple[Slot, ...]
    rules: EgressRules


@dataclass(frozen=True, slots=True)
class Finding:
    """What one slot came to. lag_us: how long after its planned instant it was started."""

    monitor_id: int
    monitor_version: int
    location_id: int
    planned_at: datetime
    retry: bool
    lag_us: int
    trace: Trace


def missed(slot: Slot, code: str) -> Finding:
    """A slot that was never started, and why: too late, or stopped."""
    trace = Trace(outcome=Outcome.MISSED, code=code, sentence=MISSED[code])
    return Finding(slot.monitor_id, slot.monitor_version, slot.location_id, slot.planned_at, slot.retry, 0, trace)


MISSED = {
    "late": "The check was not started: its time had passed.",
    "stopped": "The check was not started: the engine was stopped.",
    "lost": "The check was planned, and nothing came of it.",
}
