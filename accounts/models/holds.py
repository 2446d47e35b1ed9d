"""Legal holds: while one is in force nothing recorded is deleted."""

from __future__ import annotations

from django.db import models

from accounts.models.people import User
from ledger.fields import PublicIdField
from ledger.tracked import Tracked


class LegalHold(Tracked):
    """Somebody ordered that evidence is kept, whatever its time; released by retiring it. docs/retention.md."""

    untracked_fields = ("description",)

    public_id = PublicIdField(prefix="hld")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")
    placed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    released_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    released_alone = models.BooleanField(default=False, editable=False)

    def __str__(self) -> str:
        return self.name
