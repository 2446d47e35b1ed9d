"""What days and months came to, written down once they are over and never computed again."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from monitors.models.inventory import Service
from monitors.models.monitors import Monitor


class DailyAvailability(models.Model):
    """One day of one monitor, in the organisation's zone as it was then; milliseconds in each state, as measured.

    The states add up to the monitor's life in `[start_at, end_at)`. Adjustments and maintenance are not in it: they are
    overlays with records of their own. policy: the rules it was computed by (docs/availability.md).
    """

    append_only = AppendOnly()

    public_id = PublicIdField(prefix="dav")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="days")
    day = models.DateField()
    zone = models.CharField(max_length=64)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    up_ms = models.BigIntegerField()
    degraded_ms = models.BigIntegerField()
    down_ms = models.BigIntegerField()
    unknown_ms = models.BigIntegerField()
    paused_ms = models.BigIntegerField()
    policy = models.CharField(max_length=16)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "daily availability"
        constraints = [models.UniqueConstraint(fields=["monitor", "day"], name="day_once")]
        indexes = [models.Index(fields=["day"], name="day_by_date")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class MonthlyAvailability(models.Model):
    """One closed month of a service, by the organisation's zone, or by an agreement about it, whose zone then counts.

    Sealed on the third day of the next month. A correction is a row with a higher revision that says which one it
    supersedes, why, and who approved; rows are never changed. month: `2026-03`, or `2026-Q1` of an agreement by quarters.
    Milliseconds as in monitors.availability.Figures; low, measured and high are printed from them, cut off. target_ppm and
    verdict: of the agreement, as its terms were. latency_ms, latency_ppm: what it promised of answers, null for nothing;
    latency_verdict: whether that was kept; answers: by what, [{monitor, fast, slow, unseen, verdict}], checks of each
    primary monitor. Rows from before a release that judged answers have none of it, whatever was promised.
    """

    append_only = AppendOnly()

    public_id = PublicIdField(prefix="mav")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="months")
    sla = models.CharField(max_length=40, blank=True, default="")
    sla_version = models.PositiveIntegerField(default=0)
    month = models.CharField(max_length=7)
    zone = models.CharField(max_length=64)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    revision = models.PositiveSmallIntegerField(default=1)
    supersedes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="superseded_by")
    life_from = models.DateTimeField(null=True)
    life_to = models.DateTimeField(null=True)
    partial = models.BooleanField()
    total_ms = models.BigIntegerField()
    up_ms = models.BigIntegerField()
    degraded_ms = models.BigIntegerField()
    down_ms = models.BigIntegerField()
    unknown_ms = models.BigIntegerField()
    paused_ms = models.BigIntegerField()
    excluded_ms = models.BigIntegerField()
    down_excluded_ms = models.BigIntegerField()
    maintenance_ms = models.BigIntegerField()
    adjusted_ms = models.BigIntegerField()
    outages = models.PositiveIntegerField()
    longest_outage_ms = models.BigIntegerField()
    degraded_is_down = models.BooleanField()
    target_ppm = models.PositiveIntegerField(null=True)
    verdict = models.CharField(max_length=16, blank=True, default="")
    latency_ms = models.PositiveIntegerField(null=True)
    latency_ppm = models.PositiveIntegerField(null=True)
    latency_verdict = models.CharField(max_length=16, blank=True, default="")
    answers = models.JSONField(default=list)
    policy = models.CharField(max_length=16)
    recorded_at = models.DateTimeField()
    adjustment = models.CharField(max_length=40, blank=True, default="")
    reason_sha256 = models.CharField(max_length=64, blank=True, default="")
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "monthly availability"
        constraints = [
            models.UniqueConstraint(fields=["service", "sla", "month", "revision"], name="month_once"),
        ]
        indexes = [models.Index(fields=["month"], name="month_by_name")]

    def __str__(self) -> str:
        return f"{self.month} of {self.service}, revision {self.revision}"
