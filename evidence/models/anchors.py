"""Anchors: outsiders to whom each day's seal is mailed, and the mails on their way."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.masks import mask_email, mask_name
from ledger.crypto import fingerprint
from ledger.fields import EncryptedTextField, PublicIdField
from ledger.models import Seal
from ledger.tracked import Tracked


class Anchor(Tracked):
    """Somebody outside who keeps our seals. What they hold, nobody on this machine can take back.

    Name and address are encrypted or kept out of history; masks and fingerprints stand for them.
    """

    untracked_fields = ("name", "address")

    public_id = PublicIdField(prefix="anc")
    name = models.CharField(max_length=120)
    name_mask = models.CharField(max_length=40, editable=False)
    name_fingerprint = models.CharField(max_length=16, editable=False)
    address = EncryptedTextField()
    address_mask = models.CharField(max_length=254, editable=False)
    address_fingerprint = models.CharField(max_length=16, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address_fingerprint"], condition=models.Q(retired_at__isnull=True), name="anchor_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the masks and fingerprints that stand for name and address in history."""
        self.name_mask, self.name_fingerprint = mask_name(self.name), fingerprint(self.name, "anchor.name")
        self.address_mask = mask_email(self.address)
        self.address_fingerprint = fingerprint(self.address, "anchor.address")
        super().save(*args, **kwargs)


class SealLetter(models.Model):
    """One seal on its way to one address. A runtime row: claimed by conditional update, ended once.

    Unique by seal and address, so that two engines mail it once, and a corrected address gets it again.
    """

    anchor = models.ForeignKey(Anchor, on_delete=models.PROTECT, related_name="letters")
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="letters")
    address_fingerprint = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["anchor", "seal", "address_fingerprint"], name="seal_letter_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(ended_at__isnull=True), name="seal_letter_due"),
            models.Index(fields=["anchor", "-id"], name="seal_letter_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.seal} to {self.anchor.address_mask}"

    @property
    def state(self) -> str:
        """sent, waiting (for its first or next try), failed or not_needed."""
        if self.sent_at:
            return "sent"
        if self.ended_at is None:
            return "waiting"
        return "failed" if self.last_error else "not_needed"
