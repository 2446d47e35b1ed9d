"""Who was on call: facts, written when they began and when they ended, never computed from a later plan."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import User
from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from oncall.models.schedules import Override, Schedule, ScheduleLayer

ROTATION, OVERRIDE, NOBODY = "rotation", "override", "nobody"
ASKED, APPROVED, REFUSED = "asked", "approved", "refused"


class OnCallInterval(models.Model):
    """One person on call in one role in `[started_at, ended_at)`, or nobody. Only grows: its end is set once.

    source: rotation, override or nobody; cause: why nobody, a `Cause` of `oncall.rota.words`. layer and turn: what it is a
    part of, whoever holds it. name_sha256, why_sha256: the person's name and the reason in words, as they were then: texts
    that outlive the account, and can be redacted. schedule_version: of the plan that said so. recorded_at and closed_at: when its beginning and its end
    were written, later than the instants they speak of if the engine stood.
    """

    append_only = AppendOnly(set_once=("ended_at", "closed_at"))

    public_id = PublicIdField(prefix="shf")
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="intervals")
    role = models.CharField(max_length=16)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    name_sha256 = models.CharField(max_length=64, blank=True, default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=12)
    layer = models.ForeignKey(ScheduleLayer, null=True, on_delete=models.PROTECT, related_name="+")
    turn = models.PositiveIntegerField(null=True)
    override = models.ForeignKey(Override, null=True, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=16, blank=True, default="")
    why_sha256 = models.CharField(max_length=64)
    schedule_version = models.PositiveIntegerField()
    recorded_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at")),
                name="duty_forward",
            ),
            models.UniqueConstraint(
                fields=["schedule", "role", "person"],
                condition=models.Q(ended_at__isnull=True, person__isnull=False),
                name="duty_open_once",
            ),
            models.UniqueConstraint(
                fields=["schedule", "role"],
                condition=models.Q(ended_at__isnull=True, person__isnull=True),
                name="duty_nobody_once",
            ),
        ]
        indexes = [
            models.Index(fields=["schedule", "role", "started_at"], name="duty_by_start"),
            models.Index(fields=["person", "started_at"], name="duty_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person or 'nobody'} from {self.started_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: the end is set once, by conditional update."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class OnCallCorrection(models.Model):
    """Who was on call in `[start_at, end_at)` after all, asked for by one person and decided by another. Only grows.

    The intervals stay as they were recorded: an approved correction lies over them. people: public ids, none for nobody.
    intervals: public ids of what it lies over. reason, decision: hashes of texts that can be redacted.
    """

    append_only = AppendOnly(set_once=("decided_at", "decided_by_id", "approved", "approved_alone", "decision_sha256"))

    public_id = PublicIdField(prefix="occ")
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="corrections")
    role = models.CharField(max_length=16)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    people = models.JSONField()
    intervals = models.JSONField()
    reason_sha256 = models.CharField(max_length=64)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved = models.BooleanField(null=True)
    approved_alone = models.BooleanField(null=True)
    decision_sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001 - set once, from NULL

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(end_at__gt=models.F("start_at")), name="duty_correction_forward")
        ]
        indexes = [models.Index(fields=["schedule", "role", "start_at"], name="duty_correction_by_start")]

    def __str__(self) -> str:
        return f"correction of {self.schedule}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: the decision is set once, by conditional update."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    @property
    def standing(self) -> str:
        """asked, approved or refused."""
        return ASKED if self.approved is None else APPROVED if self.approved else REFUSED
