"""Heartbeats: keys to ping with, the pings that came, the runs they tell of, and where each heartbeat stands."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from monitors.models.inventory import Service
from monitors.models.monitors import Monitor


class PingKey(Tracked):
    """A key that pings: of one heartbeat (a UUID), or of all heartbeats of a service's team, which adds a slug.

    Only its hash is kept. A key of our own making can be shown again, because it is derived from `public_id` under
    the signing key; one that was brought along (`imported`) cannot. Rotated keys go on until `ends_at`.
    """

    untracked_fields = ("digest", "last_used_at")

    public_id = PublicIdField(prefix="pky")
    monitor = models.ForeignKey(Monitor, null=True, on_delete=models.PROTECT, related_name="ping_keys")
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="ping_keys")
    name = models.CharField(max_length=80, blank=True, default="")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=4, editable=False)
    imported = models.BooleanField(default=False, editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(monitor__isnull=True, service__isnull=False)
                | models.Q(monitor__isnull=False, service__isnull=True),
                name="ping_key_of_one",
            ),
            models.UniqueConstraint(
                fields=["monitor"],
                condition=models.Q(retired_at__isnull=True, ends_at__isnull=True),
                name="ping_key_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or 'ping key'} …{self.hint}"


class Heartbeat(models.Model):
    """Where a heartbeat stands: the memory of the fold, and when time alone will change something. Never tracked.

    open: [[run id, began, expected, over its limit], …] with instants in ISO form. look_at: when the next step
    looks at it again at the latest; null while it is paused or retired.
    """

    monitor = models.OneToOneField(Monitor, primary_key=True, on_delete=models.PROTECT, related_name="heartbeat")
    slug = models.CharField(max_length=100, db_index=True)
    expected_at = models.DateTimeField(null=True)
    overdue = models.BooleanField(default=False)
    open = models.JSONField(default=list)
    last_ping_at = models.DateTimeField(null=True)
    last_good_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.slug} expected {self.expected_at}"


class Ping(models.Model):
    """One ping as it came, stored before it was answered. A hot table: (day, id) is its key.

    method: the verb. address: of the caller, as told by configured proxies only. body_bytes: how much of a body is
    kept; its text is a row of PingBody. verdict: what became of it when it was judged: counted, log, paused, method.
    """

    append_only = AppendOnly(
        set_once=("judged_at", "verdict"), born_null=("judged_at", "verdict"), aged_by="received_at"
    )

    pk = models.CompositePrimaryKey("day", "id")
    day = models.DateField()
    id = models.BigIntegerField()
    monitor = models.ForeignKey(Monitor, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    key = models.ForeignKey(PingKey, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    received_at = models.DateTimeField()
    kind = models.CharField(max_length=8)
    exit_status = models.PositiveSmallIntegerField(null=True)
    rid = models.CharField(max_length=36, blank=True, default="")
    method = models.CharField(max_length=8)
    agent = models.CharField(max_length=200, blank=True, default="")
    address = models.CharField(max_length=45, blank=True, default="")
    body_bytes = models.PositiveIntegerField(default=0)
    body_sha256 = models.CharField(max_length=64, blank=True, default="")
    judged_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=8, null=True)  # noqa: DJ001 - set once: null until then

    class Meta:
        indexes = [
            models.Index(fields=["monitor", "-received_at"], name="ping_by_monitor"),
            models.Index(fields=["id"], condition=models.Q(judged_at__isnull=True), name="ping_unjudged"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.received_at:%Y-%m-%d %H:%M:%S}"


class PingBody(models.Model):
    """What a job sent with its ping, at most 10,000 bytes, as it came. Kept for 30 days."""

    pk = models.CompositePrimaryKey("day", "ping_id")
    day = models.DateField()
    ping_id = models.BigIntegerField()
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"{len(self.body)} bytes of {self.ping_id}"


class HeartbeatRun(models.Model):
    """One run of a job, decided once: on_time, late, missed or failed. A hot table: (day, id) is its key.

    expected_at: null for a run off the timetable. received_at: its first ping, null for one that was missed.
    duration_ms: from start to end, where the job told both. monitor_version: whose terms decided it.
    """

    append_only = AppendOnly(aged_by="recorded_at")

    pk = models.CompositePrimaryKey("day", "id")
    day = models.DateField()
    id = models.BigIntegerField()
    monitor = models.ForeignKey(Monitor, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    monitor_version = models.PositiveIntegerField()
    expected_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8)
    duration_ms = models.BigIntegerField(null=True)
    exit_status = models.PositiveSmallIntegerField(null=True)
    rid = models.CharField(max_length=36, blank=True, default="")
    detail = models.CharField(max_length=120, blank=True, default="")
    decided_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["monitor", "-decided_at"], name="run_by_monitor")]

    def __str__(self) -> str:
        return f"{self.state} at {self.decided_at:%Y-%m-%d %H:%M:%S}"

    @property
    def lateness_s(self) -> float | None:
        """Seconds after the expected instant; below 0 when early."""
        if self.expected_at is None or self.received_at is None:
            return None
        return (self.received_at - self.expected_at).total_seconds()
