"""Alerts: one open thing per source and identity."""

from __future__ import annotations

from django.db import models

from ledger.fields import PublicIdField


class AlertQuerySet(models.QuerySet["Alert"]):
    """Reads that have a name."""

    def open(self) -> AlertQuerySet:
        """Not closed yet."""
        return self.filter(closed_at__isnull=True)


class Alert(models.Model):
    """One firing of one condition, from its first event to its end; repeats are counted.

    The database holds one open alert per (source, identity), so two intakes racing on one signal cannot
    open two. `incident` is NULL only while the alert is suppressed.
    """

    public_id = PublicIdField(prefix="alr")
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="alerts")
    source = models.CharField(max_length=32)
    identity = models.CharField(max_length=255)
    group = models.CharField(max_length=64, blank=True, default="")
    monitor = models.ForeignKey("monitors.Monitor", null=True, on_delete=models.PROTECT, related_name="alerts")
    service = models.ForeignKey("monitors.Service", null=True, on_delete=models.PROTECT, related_name="alerts")
    condition = models.CharField(max_length=32)
    severity = models.PositiveSmallIntegerField()
    urgency = models.CharField(max_length=8)
    title = models.CharField(max_length=200)
    rule_version = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True, default="")
    opened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True)
    closed_recorded_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=32, blank=True, default="")
    suppressed_by = models.CharField(max_length=64, blank=True, default="")
    opened_by_key = models.CharField(max_length=64)
    closed_by_key = models.CharField(max_length=64, blank=True, default="")

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "identity"], condition=models.Q(closed_at__isnull=True), name="alert_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["source", "identity", "-opened_at"], name="alert_identity"),
            models.Index(fields=["group"], condition=models.Q(closed_at__isnull=True), name="alert_open_group"),
        ]

    def __str__(self) -> str:
        return self.title
