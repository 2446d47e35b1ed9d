"""Swaps of shifts: somebody asks, somebody offers, both agree, and overrides do it. docs/swaps.md has the rules."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from ledger.fields import PublicIdField
from oncall.models.schedules import Schedule
from oncall.rota.schedule import PRIMARY
from oncall.rota.swaps import OPEN, State


class Swap(models.Model):
    """The giver's shift `[start_at, end_at)`, or a part of it, for nothing or for `[back_start_at, back_end_at)` of the taker's.

    A runtime row, changed under its lock; each step is a line of the ledger with its actor. asked: the one person asked,
    NULL for everybody. expires_at: what is not done by then is over: when the first shift
    begins, or, of one that ran already when it was asked for, when it ends. approved_alone: the approver was a
    party to it, since nobody else may. note_sha256, end_sha256: words that can be redacted.
    """

    public_id = PublicIdField(prefix="swp")
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="swaps")
    role = models.CharField(max_length=16, default=PRIMARY)
    state = models.CharField(max_length=12, default=str(State.REQUESTED))
    giver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    asked = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    back_start_at = models.DateTimeField(null=True)
    back_end_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    note_sha256 = models.CharField(max_length=64, blank=True, default="")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    offered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    approved_alone = models.BooleanField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    end_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="swap_forward"),
            models.CheckConstraint(
                condition=Q(back_start_at__isnull=True, back_end_at__isnull=True)
                | Q(back_end_at__gt=F("back_start_at")),
                name="swap_back_forward",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state__in=[str(state) for state in OPEN]), name="swap_open"
            ),
            models.Index(fields=["schedule", "start_at"], name="swap_by_schedule"),
        ]

    def __str__(self) -> str:
        return f"swap of {self.giver}’s shift"
