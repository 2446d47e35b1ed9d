"""Badges: small pictures of a state for a README or a wiki, opened by nothing but their key."""

from __future__ import annotations

from typing import Any, cast

from django.db import models

from accounts.models import Team
from ledger.crypto import fingerprint, token_hash
from ledger.fields import EncryptedTextField, PublicIdField
from ledger.tracked import Tracked
from monitors.models.inventory import Service
from monitors.models.monitors import Monitor

STATE, UPTIME = "state", "uptime"
SHOWS: dict[str, str] = {STATE: "What it is now", UPTIME: "Uptime of the last 30 days"}


def shows_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that a new one never makes a migration."""
    return list(SHOWS.items())


class Badge(Tracked):
    """What one key shows of one monitor or one service. `label` is all it says of its subject.

    The key is the whole right to see it: 256 random bits, encrypted so that members can copy it again, found by its
    hash. `team` is that of the subject when the badge was made; it decides who may change it.
    """

    untracked_fields = ("key", "key_hash")

    public_id = PublicIdField(prefix="bdg")
    label = models.CharField(max_length=60)
    monitor = models.ForeignKey(Monitor, null=True, on_delete=models.PROTECT, related_name="badges")
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="badges")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="badges")
    shows = models.CharField(max_length=8, choices=shows_choices, default=STATE)
    key = EncryptedTextField(editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    key_fingerprint = models.CharField(max_length=16, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(monitor__isnull=True, service__isnull=False)
                | models.Q(monitor__isnull=False, service__isnull=True),
                name="badge_of_one",
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def subject(self) -> Monitor | Service:
        """What it is about."""
        return self.monitor or cast("Service", self.service)  # one of them, by the constraint badge_of_one

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the hash that finds the key, and the fingerprint that stands for it in history."""
        self.key_hash = token_hash(self.key)
        self.key_fingerprint = fingerprint(self.key, "badge.key")
        super().save(*args, **kwargs)
