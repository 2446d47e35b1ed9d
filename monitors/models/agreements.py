"""What was promised of a service: how much of a month or quarter it is up, and how fast it answers."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import models

from accounts.models import User
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from monitors.models.inventory import Service

MONTH, QUARTER = "month", "quarter"
WINDOWS: dict[str, str] = {MONTH: "Each calendar month", QUARTER: "Each calendar quarter"}


def window_choices() -> list[tuple[str, str]]:
    """Choices as a callable."""
    return list(WINDOWS.items())


class SLA(Tracked):
    """A service level agreement. How monitors make the service stands at the service; rules: docs/availability.md.

    target_ppm: parts of a million, 999000 is 99.9 %. maintenance_allowance_s: how much planned work a window may
    take out; null for no limit. latency_ms, latency_ppm: that share of checks is answered faster. dependencies: what
    the service cannot be up without and what is promised of it, [{name, target_ppm}]. written_by: who wrote the terms
    in force, a public id; whoever approves them is somebody else. New terms are not approved.
    """

    public_id = PublicIdField(prefix="sla")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="slas")
    name = models.CharField(max_length=120)
    target_ppm = models.PositiveIntegerField()
    window = models.CharField(max_length=8, choices=window_choices, default=MONTH)
    timezone = models.CharField(max_length=64, default="UTC")
    degraded_counts_as_down = models.BooleanField(default=False)
    maintenance_allowance_s = models.PositiveIntegerField(null=True, default=0)
    notice_required_s = models.PositiveIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(null=True)
    latency_ppm = models.PositiveIntegerField(null=True)
    dependencies = models.JSONField(default=list)
    source_document = models.CharField(max_length=300, blank=True, default="")
    effective_from = models.DateField()
    effective_until = models.DateField(null=True)
    written_by = models.CharField(max_length=40, blank=True, default="", editable=False)
    approved_by = models.ForeignKey(User, null=True, editable=False, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "SLA"
        constraints = [
            models.UniqueConstraint(
                fields=["service", "name"], condition=models.Q(retired_at__isnull=True), name="sla_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose months count."""
        return ZoneInfo(self.timezone)
