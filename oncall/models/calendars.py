"""Addresses under which calendars read who is on call. docs/schedules.md, "In your own calendar"."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from oncall.models.schedules import Schedule


class CalendarFeed(Tracked):
    """One address: of what its owner has to do, or of a whole schedule. It opens as long as the owner may sign in.

    The secret in it is the whole right to read; only its hash is kept. hint: its first letters, to tell addresses apart.
    """

    untracked_fields = ("secret_hash", "last_used_at")

    public_id = PublicIdField(prefix="cfd")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="calendar_feeds")
    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.PROTECT, related_name="calendar_feeds")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    secret_hint = models.CharField(max_length=8, editable=False)
    secret_fingerprint = models.CharField(max_length=16, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"calendar {self.secret_hint}…"
