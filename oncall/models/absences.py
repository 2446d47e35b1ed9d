"""When people cannot, from calendars that somebody uploaded. It is held against shifts and changes none. docs/swaps.md, "Absences"."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from oncall.models.schedules import Schedule


class AbsenceCalendar(Tracked):
    """One file that was uploaded: of a person who is away, or of a schedule, whose holidays they are. Withdrawn by retiring.

    file_sha256: of the bytes, which are not kept. times: how many stretches it gave; left_out: how many events did not.
    """

    # people write why they are away into the name of the file
    untracked_fields = ("name",)

    public_id = PublicIdField(prefix="abc")
    name = models.CharField(max_length=80)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="absence_calendars")
    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.PROTECT, related_name="absence_calendars")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    file_sha256 = models.CharField(max_length=64)
    times = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=True, schedule__isnull=False)
                | Q(person__isnull=False, schedule__isnull=True),
                name="absences_of_one",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Absence(models.Model):
    """One stretch `[start_at, end_at)` of a calendar. Only grows. what_sha256: what the calendar calls it, which can be redacted."""

    append_only = AppendOnly()

    public_id = PublicIdField(prefix="abt")
    calendar = models.ForeignKey(AbsenceCalendar, on_delete=models.PROTECT, related_name="absences")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    what_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="absence_forward")]
        indexes = [models.Index(fields=["calendar", "end_at"], name="absence_by_end")]

    def __str__(self) -> str:
        return f"absence from {self.start_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)
