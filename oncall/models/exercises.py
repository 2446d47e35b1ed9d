"""Exercises: pages that go the whole way although nothing is wrong, to show that the way is open.

A canary goes by itself, each day, to somebody who was chosen; a drill is a policy that somebody has paged. Both are runs of
subject kind `exercise`, made by the same engine, and no incident.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from oncall.models.policies import Policy

CANARY, DRILL = "canary", "drill"
KINDS = (CANARY, DRILL)
# answered in time; not answered; nobody to page; called off by somebody
CONFIRMED, MISSED, NOBODY, ENDED = "confirmed", "missed", "nobody", "ended"
OUTCOMES = (CONFIRMED, MISSED, NOBODY, ENDED)


class Canary(Tracked):
    """When a canary is sent, and to whom. One for the organisation; without a target none is sent.

    target: public id of a person or a schedule. at: the time on the wall of the organisation's zone; days: weekdays, 0 for
    Monday. since: slots before it are nobody's fault. confirm_within_s: unanswered for so long, it was missed.
    """

    public_id = PublicIdField(prefix="can")
    target = models.CharField(max_length=40, blank=True, default="")
    at = models.CharField(max_length=5, default="10:00")
    days = models.JSONField(default=list)
    confirm_within_s = models.PositiveIntegerField(default=900)
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "canary"

    def __str__(self) -> str:
        return "Canary"

    @classmethod
    def current(cls) -> Canary:
        """The canary; an unsaved one that is off before anybody set it."""
        return cls.objects.in_force().order_by("pk").first() or cls(days=list(range(7)))


class Exercise(models.Model):
    """One canary or drill. Its run and pages are those of subject (`exercise`, public id).

    slot_at: when a canary should have begun, unique, so that two engines send one. reason_sha256: of why a drill was held.
    ended_at and outcome are set once; answered_at may come later than the end, and then says so.
    """

    public_id = PublicIdField(prefix="exc")
    kind = models.CharField(max_length=8)
    policy = models.ForeignKey(Policy, null=True, on_delete=models.PROTECT, related_name="exercises")
    target = models.CharField(max_length=40, blank=True, default="")
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason_sha256 = models.CharField(max_length=64, blank=True, default="")
    slot_at = models.DateTimeField(null=True, unique=True)
    started_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_how = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["deadline_at"], condition=Q(ended_at__isnull=True), name="exercise_open"),
            models.Index(fields=["kind", "-started_at"], name="exercise_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["policy"], condition=Q(ended_at__isnull=True), name="drill_open_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def took_s(self) -> int | None:
        """Whole seconds from its beginning to the answer; None without one."""
        return None if self.answered_at is None else int((self.answered_at - self.started_at).total_seconds())
