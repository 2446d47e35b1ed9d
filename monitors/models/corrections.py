"""Adjustments: what two people agreed a monitor was in a stretch that was measured wrongly. The interval stays as it is."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import User
from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from monitors.models.monitors import Monitor

ASKED, APPROVED, REFUSED = "asked", "approved", "refused"


class Adjustment(models.Model):
    """One correction, asked for by one person and decided by another. Only grows: the decision is set once.

    `[start_at, end_at)` was measured as from_state, in these intervals (public ids); asked is that it counts as to_state.
    reason, evidence, decision: hashes of texts that can be redacted. effect: what it changed in each month of each
    service, figures before and after, as computed when it was approved.
    """

    append_only = AppendOnly(
        set_once=("decided_at", "decided_by_id", "approved", "approved_alone", "decision_sha256", "effect")
    )

    public_id = PublicIdField(prefix="adj")
    monitor = models.ForeignKey(Monitor, on_delete=models.PROTECT, related_name="adjustments")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    intervals = models.JSONField()
    reason_sha256 = models.CharField(max_length=64)
    evidence_sha256 = models.CharField(max_length=64)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved = models.BooleanField(null=True)
    approved_alone = models.BooleanField(null=True)
    decision_sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001 - set once, from NULL
    effect = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(end_at__gt=models.F("start_at")), name="adjustment_forward")
        ]
        indexes = [
            models.Index(fields=["monitor", "start_at"], condition=models.Q(approved=True), name="adjustment_approved")
        ]

    def __str__(self) -> str:
        return f"{self.from_state} to {self.to_state}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only: the decision is set once, by conditional update."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    @property
    def standing(self) -> str:
        """asked, approved or refused."""
        return ASKED if self.approved is None else APPROVED if self.approved else REFUSED

    @property
    def seconds(self) -> int:
        """Whole seconds it speaks of, truncated."""
        return int((self.end_at - self.start_at).total_seconds())
