"""What was observed: results, the intervals they prove, and the signals they raise. Never tracked, never edited."""

from __future__ import annotations

from typing import Any

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from monitors.models.monitors import Location, Monitor, Rule

OPEN_INTERVAL = models.Q(ended_at__isnull=True)


class StateInterval(models.Model):
    """A span in which one state holds. The intervals of a monitor tile its life; exactly one is open.

    The open one is true until `covered_until`, to which its last result speaks; null before the first.
    onset_earliest_at: the last result that still spoke for the state before. first_result_at and
    last_result_at: the slots of the results that confirmed it.
    """

    public_id = PublicIdField(prefix="ivl")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="intervals")
    state = models.CharField(max_length=12)
    cause = models.CharField(max_length=32, blank=True, default="")
    detail = models.CharField(max_length=300, blank=True, default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    covered_until = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    closed_recorded_at = models.DateTimeField(null=True)
    onset_earliest_at = models.DateTimeField(null=True)
    first_result_at = models.DateTimeField(null=True)
    last_result_at = models.DateTimeField(null=True)
    monitor_version = models.PositiveIntegerField(default=0)
    rule_version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["monitor"], condition=OPEN_INTERVAL, name="interval_one_open"),
            models.UniqueConstraint(fields=["monitor", "started_at"], name="interval_start_once"),
            models.CheckConstraint(
                condition=OPEN_INTERVAL | models.Q(ended_at__gt=models.F("started_at")), name="interval_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} from {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.ended_at is None


class Signal(models.Model):
    """One confirmed change of one condition of a monitor: it opens or it closes. Knows no people."""

    append_only = AppendOnly(set_once=("claimed_at",), born_null=("claimed_at",), aged_by="recorded_at")

    public_id = PublicIdField(prefix="sig")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="signals")
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="signals")
    condition = models.CharField(max_length=24)
    opens = models.BooleanField()
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    severity = models.PositiveSmallIntegerField()
    urgency = models.CharField(max_length=8)
    rule_version = models.PositiveIntegerField()
    reason = models.CharField(max_length=300)
    interval = models.ForeignKey(StateInterval, null=True, on_delete=models.PROTECT, related_name="signals")
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(claimed_at__isnull=True), name="signal_unclaimed"),
            models.Index(fields=["monitor", "condition", "-id"], name="signal_by_monitor"),
        ]

    def __str__(self) -> str:
        return f"{self.condition} {'opens' if self.opens else 'closes'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: a signal says what happened, once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class Result(models.Model):
    """One slot of one monitor from one place, as it ran. A hot table: (day, id) is its key.

    outcome: ok, failed, blocked or missed. retry: ran off the timetable while a change was unconfirmed, and
    counts in no figure. lag_us: how long after its planned instant it started. Times in microseconds.
    """

    pk = models.CompositePrimaryKey("day", "id")
    day = models.DateField()
    id = models.BigIntegerField()
    monitor = models.ForeignKey(Monitor, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    location = models.ForeignKey(Location, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    planned_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    monitor_version = models.PositiveIntegerField()
    retry = models.BooleanField(default=False)
    outcome = models.CharField(max_length=8)
    code = models.CharField(max_length=16, blank=True, default="")
    detail = models.CharField(max_length=300, blank=True, default="")
    status = models.PositiveSmallIntegerField(default=0)
    lag_us = models.BigIntegerField(default=0)
    total_us = models.BigIntegerField(default=0)
    dns_us = models.BigIntegerField(default=0)
    connect_us = models.BigIntegerField(default=0)
    tls_us = models.BigIntegerField(default=0)
    wait_us = models.BigIntegerField(default=0)
    transfer_us = models.BigIntegerField(default=0)
    body_bytes = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            # one slot, one result, however often its plan was delivered; also the way to a monitor's results
            models.UniqueConstraint(fields=["day", "monitor", "planned_at", "location"], name="result_once"),
        ]
        indexes = [
            # failures stay rows when the rest is packed: the way to the newest one, however long ago it was
            models.Index(fields=["monitor", "-planned_at"], condition=models.Q(outcome="failed"), name="result_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.planned_at:%Y-%m-%d %H:%M:%S}"
