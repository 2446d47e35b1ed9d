"""Action items: what will be different, who sees to it, by when, and how anybody can tell."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models

from ledger.fields import PublicIdField
from ledger.tracked import Tracked
from postmortems import rules, states


class ActionCounter(models.Model):
    """The last serial given in a year. Raised under its row lock, in the transaction of the item."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class ActionItem(Tracked):
    """One promise out of a post-mortem, `ACT-2026-0031`. Tracked: each new owner, date or state is a version.

    Its words, its evidence and the reason why it was dropped are texts by hash. `due_on` is a day of the
    organisation's zone, kept until it is over; `extended_count` says how often a later one was set.
    """

    public_id = PublicIdField(prefix="ACT")
    postmortem = models.ForeignKey("postmortems.PostMortem", on_delete=models.PROTECT, related_name="actions")
    kind = models.CharField(max_length=8)
    text_sha256 = models.CharField(max_length=64)
    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    extended_count = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=8, choices=states.item_state_choices, default=states.OPEN)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    evidence_sha256 = models.CharField(max_length=64, blank=True, default="")
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    dropped_at = models.DateTimeField(null=True)
    dropped_because_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["status", "due_on"], name="action_due"),
            models.Index(fields=["owner", "status"], name="action_owner"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def number(self) -> str:
        """The number, the only id in addresses and API."""
        return self.public_id

    def days_late(self, today: date) -> int:
        """Whole days past its day while it is open; 0 otherwise."""
        return rules.days_late(self.due_on, today) if self.status == states.OPEN else 0

    @property
    def ended_at(self) -> datetime | None:
        """When it stopped being owed: done or dropped; None while open."""
        return self.done_at or self.dropped_at
