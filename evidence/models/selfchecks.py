"""What the auditor task leaves behind: when it ran, what it found, and from when to when that was so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from ledger.fields import PublicIdField


class AuditorState(models.Model):
    """When the next audit is due, and how the last one went: one row, claimed by conditional update.

    A `begun_at` after `done_at` is an audit under way, or one whose process died.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    due_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    checked = models.PositiveSmallIntegerField(default=0)
    broken = models.PositiveSmallIntegerField(default=0)
    endangered = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="auditor_one")]

    def __str__(self) -> str:
        return f"next audit at {self.due_at:%H:%M:%S}"


class AuditHour(models.Model):
    """Which minutes of an hour were audited, and in which of them something was found: bit n is minute n.

    One row an hour, kept as long as the record: 800 days are 19,200 rows. `entered_at`: when the finished hour
    became a line of the ledger; after that it does not change.
    """

    hour = models.DateTimeField(unique=True)
    audited = models.BigIntegerField(default=0)
    broken = models.BigIntegerField(default=0)
    endangered = models.BigIntegerField(default=0)
    entered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["hour"], condition=Q(entered_at__isnull=True), name="audit_hour_open")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00, {self.minutes_audited} minutes audited"

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return self.hour + timedelta(hours=1)

    @property
    def minutes_audited(self) -> int:
        """In how many minutes an audit was finished."""
        return self.audited.bit_count()

    @property
    def minutes_broken(self) -> int:
        """In how many of them a promise did not hold."""
        return self.broken.bit_count()

    @property
    def minutes_endangered(self) -> int:
        """In how many of them paging was in danger."""
        return self.endangered.bit_count()


class SelfCheckFinding(models.Model):
    """From when to when a promise did not hold. The database allows one open row a promise.

    sentence and about are those of the last audit that saw it. repaired: the auditor's own repair ended it.
    raised_at: when it became an alert, so that somebody was paged.
    """

    public_id = PublicIdField(prefix="scf")
    name = models.CharField(max_length=64)
    sentence = models.CharField(max_length=300)
    about = models.JSONField(default=list)
    endangers = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    seen = models.PositiveIntegerField(default=1)
    raised_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    repaired = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(closed_at__isnull=True), name="finding_open_once")
        ]
        indexes = [models.Index(fields=["-opened_at", "-id"], name="finding_newest")]

    def __str__(self) -> str:
        return f"{self.name} since {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        """The promise does not hold."""
        return self.closed_at is None
