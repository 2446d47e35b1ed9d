"""The engine's own rows: the timetable, plans on their way, and where each monitor stands. Never tracked."""

from __future__ import annotations

from django.db import models

from ledger.ids import snowflake
from monitors.models.facts import StateInterval
from monitors.models.monitors import Location, Monitor, Rule


class ProbeSlot(models.Model):
    """When a monitor is next due at a place, with what of its settings a plan needs. extra: the next slot is a first check or a retry, off the grid.

    skipped_at: when the engine last found slots in the past that nobody had planned, because it was stopped.
    """

    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="slots")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="slots")
    next_due_at = models.DateTimeField(null=True, db_index=True)
    interval_s = models.PositiveIntegerField()
    timeout_s = models.PositiveIntegerField(default=60)
    phase_ms = models.PositiveIntegerField()
    extra = models.BooleanField(default=True)
    skipped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["monitor", "location"], name="slot_once")]

    def __str__(self) -> str:
        return f"{self.monitor_id} due {self.next_due_at}"


class ProbePlan(models.Model):
    """Slots given to a probe. Deleted when its last result is stored; one that outlives `lost_after` is lost.

    slots: {monitor id: [[milliseconds since the epoch, retry], …]}.
    """

    id = models.BigIntegerField(primary_key=True, default=snowflake)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="plans")
    slots = models.JSONField()
    slot_count = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    lost_after = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.slot_count} slots"


class MonitorState(models.Model):
    """Where a monitor stands: the judge's memory, and what its last check showed. Locked by each hand-over.

    run: instants in ISO form, divided by spaces. voters: keys of the locations whose results are merged, divided by
    spaces; "" for one, whose results are the monitor's. The other columns are those of `judge.Standing`.
    """

    monitor = models.OneToOneField(Monitor, primary_key=True, on_delete=models.PROTECT, related_name="standing")
    interval = models.ForeignKey(StateInterval, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12)
    since = models.DateTimeField()
    settled_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)
    covered_until = models.DateTimeField(null=True)
    silent_at = models.DateTimeField(null=True)
    run = models.TextField(blank=True, default="")
    run_good = models.BooleanField(default=False)
    alarm = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)
    seen_outcome = models.CharField(max_length=8, blank=True, default="")
    seen_code = models.CharField(max_length=16, blank=True, default="")
    seen_detail = models.CharField(max_length=300, blank=True, default="")
    seen_status = models.PositiveSmallIntegerField(default=0)
    seen_total_us = models.BigIntegerField(default=0)
    voters = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.state} since {self.since:%Y-%m-%d %H:%M:%S}"


class ConditionState(models.Model):
    """Whether the condition of one rule holds, beside the monitor's state. Locked by whoever raises or clears it.

    severity, urgency: how loud its open signal was; raised again when it gets worse. since, reason: of the signal.
    """

    rule = models.OneToOneField(Rule, primary_key=True, on_delete=models.PROTECT, related_name="standing")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="conditions")
    is_open = models.BooleanField(default=False)
    since = models.DateTimeField(null=True)
    severity = models.PositiveSmallIntegerField(default=0)
    urgency = models.CharField(max_length=8, blank=True, default="")
    reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["monitor"], condition=models.Q(is_open=True), name="condition_open"),
        ]

    def __str__(self) -> str:
        return f"{self.rule.condition} {'holds' if self.is_open else 'does not hold'}"
