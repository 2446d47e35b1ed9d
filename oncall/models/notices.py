"""Letters about somebody's own shifts, which nobody is woken for: hand-offs and swaps. docs/swaps.md, "Who is told"."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import User
from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from oncall.models.schedules import Schedule


class Notice(models.Model):
    """One occasion on which one person is told something. `key` makes it once; its pages name it as their reference.

    subject_sha256, body_sha256: the words as they were written, texts that can be redacted. pages: to how many addresses it
    went; 0: the person had none that was confirmed, and was told by nothing but the screen.
    """

    append_only = AppendOnly()

    public_id = PublicIdField(prefix="ntc")
    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=16)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="notices")
    about = models.CharField(max_length=40, blank=True, default="")
    subject_sha256 = models.CharField(max_length=64)
    body_sha256 = models.CharField(max_length=64)
    pages = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["about"], name="notice_about")]

    def __str__(self) -> str:
        return f"{self.kind} notice to {self.person}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)
