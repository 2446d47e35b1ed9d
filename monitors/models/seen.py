"""What checks saw of the outside that is kept for good: every certificate, and the values of names. Never tracked."""

from __future__ import annotations

from django.db import models

from ledger.fields import PublicIdField
from monitors.models.monitors import Monitor


class Certificate(models.Model):
    """A certificate that a host and port showed, or that the one it showed rests on. One row each, from first to last.

    position: in the chain as it was verified, the server's own at 0. chain_ok, hostname_ok: of the newest sight; null
    where the verification stopped before it came to that. renewed_at: when another one was first seen in its place, and
    days_left: how many whole days it was still good then, negative when it had ended. monitor: that saw it last.
    """

    public_id = PublicIdField(prefix="crt")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="certificates")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=200)
    issuer = models.CharField(max_length=200)
    serial = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    key_type = models.CharField(max_length=40)
    sans = models.JSONField(default=list)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    chain_ok = models.BooleanField(null=True)
    hostname_ok = models.BooleanField(null=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True)
    days_left = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "port", "sha256"], name="certificate_once")]
        indexes = [models.Index(fields=["position", "not_after"], name="certificate_by_end")]

    def __str__(self) -> str:
        return f"{self.subject}, good until {self.not_after:%Y-%m-%d}"


class DnsObservation(models.Model):
    """A set of values that a name had, from when it was first until it was last seen. Changes only.

    A set that comes back within a day goes on in its row, so that names which turn in a circle do not fill the table.
    values: in one form and order, none for a name without such a record. expected: whether the monitor wanted it so.
    """

    public_id = PublicIdField(prefix="dob")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="dns_observations")
    monitor_version = models.PositiveIntegerField()
    name = models.CharField(max_length=253)
    record = models.CharField(max_length=8)
    resolver = models.CharField(max_length=80)
    values = models.JSONField(default=list)
    expected = models.BooleanField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["monitor", "-last_seen_at"], name="dns_by_monitor")]

    def __str__(self) -> str:
        return f"{self.record} {self.name}: {', '.join(self.values) or 'none'}"
