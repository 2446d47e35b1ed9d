"""Hours of high-volume facts that are in the ledger as one line each."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.models import Entry


class HourDigest(models.Model):
    """That the line of an hour is written, once. hour: whole hours since the epoch. entry: the line, which holds the figures."""

    hour = models.IntegerField(unique=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    append_only = AppendOnly()

    def __str__(self) -> str:
        return f"hour {self.hour}"
