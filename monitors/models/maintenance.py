"""Maintenance windows: the plan, which is configuration, and each time it happens, which is a recorded fact."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import Team, User
from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from monitors.maintenance_rules import NEVER, Window


class MaintenanceWindow(Tracked):
    """What is planned: for which services and monitors, when, how often, by whom and approved by whom.

    covered: public ids of services and monitors. starts: `2026-03-29T02:30` on the wall of `zone`. terms: goes up when
    what is planned changes, and then it is approved and announced anew. recorded_until: to where its times are
    recorded as MaintenanceSpan.
    """

    untracked_fields = ("description", "recorded_until")

    public_id = PublicIdField(prefix="mtw")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="maintenance_windows")
    covered = models.JSONField(default=list)
    zone = models.CharField(max_length=64, default="UTC")
    starts = models.CharField(max_length=16)
    length_s = models.PositiveIntegerField()
    rrule = models.CharField(max_length=200, blank=True, default="")
    terms = models.PositiveIntegerField(default=1, editable=False)
    terms_at = models.DateTimeField(editable=False)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_alone = models.BooleanField(default=False, editable=False)
    announced_at = models.DateTimeField(null=True, editable=False)
    recorded_until = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.name


class MaintenanceSpan(models.Model):
    """One time that a window happens, written down before it begins. Only grows: each later fact is set once.

    occurrence: the start it had when it was planned. part: 0, or 1, 2, … for its extensions. covered: frozen here, so that
    a later change of the window leaves it alone. recorded_at against planned_start says whether it was known before
    (`retroactive`). started_at and ended_at: when it was in force; ending: how it is over; closed_at: when that was
    written.
    """

    append_only = AppendOnly(
        set_once=(
            "announced_at", "approved_at", "approved_by_id", "approved_alone", "started_at", "ended_at", "ending", "closed_at",
            "ending_sha256",
        )
    )  # fmt: skip

    public_id = PublicIdField(prefix="mts")
    window = models.ForeignKey(MaintenanceWindow, on_delete=models.PROTECT, related_name="spans")
    terms = models.PositiveIntegerField()
    occurrence = models.DateTimeField()
    part = models.PositiveSmallIntegerField(default=0)
    planned_start = models.DateTimeField()
    planned_end = models.DateTimeField()
    covered = models.JSONField()
    recorded_at = models.DateTimeField()
    retroactive = models.BooleanField()
    requested_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    announced_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_alone = models.BooleanField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=16, null=True)  # noqa: DJ001 - set once, from NULL
    ending_sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "terms", "occurrence", "part"], name="span_once"),
            models.CheckConstraint(condition=models.Q(planned_end__gt=models.F("planned_start")), name="span_forward"),
        ]
        indexes = [
            models.Index(fields=["planned_start"], condition=models.Q(ending__isnull=True), name="span_not_over"),
            models.Index(fields=["planned_end"], name="span_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.planned_start:%Y-%m-%d %H:%M} to {self.planned_end:%H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: later facts are set once, by conditional update."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    @property
    def rules(self) -> Window:
        """The pure value that the rules read."""
        return Window(
            planned_start=self.planned_start,
            planned_end=self.planned_end,
            recorded_at=self.recorded_at,
            requested_by=str(self.requested_by_id or ""),
            part=self.part,
            announced_at=self.announced_at,
            approved_at=self.approved_at,
            approved_by=str(self.approved_by_id or ""),
            approved_alone=bool(self.approved_alone),
            ended_at=self.ended_at,
            ending=self.ending or "",
        )

    @property
    def happened(self) -> bool:
        """Whether it is over and took place."""
        return bool(self.ending) and self.ending not in NEVER
