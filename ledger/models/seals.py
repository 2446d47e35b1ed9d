"""Seals: one signed text a day, and the public keys that verify them."""

from __future__ import annotations

import base64

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField


class SealKey(models.Model):
    """A public key that signed here. It stays, so that a seal of last year can be verified after the key was changed."""

    fingerprint = models.CharField(max_length=64, primary_key=True)
    pem = models.TextField()
    first_used_at = models.DateTimeField()

    append_only = AppendOnly()

    def __str__(self) -> str:
        return self.fingerprint[:16]


class Seal(models.Model):
    """One day of the chain, closed and signed. The row is unique by day: it is also the mark that the day's work is done.

    `text` is what was signed, byte by byte; the columns beside it say the same for queries, and verification compares.
    previous_sha256 and sha256: of the texts of the seal before and of this one.
    """

    public_id = PublicIdField(prefix="sea")
    day = models.DateField(unique=True)
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    entries = models.BigIntegerField()
    head = models.CharField(max_length=64)
    day_sha256 = models.CharField(max_length=64)
    previous_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, unique=True)
    quiet = models.BooleanField()
    text = models.TextField()
    signature = models.TextField()
    key = models.ForeignKey(SealKey, on_delete=models.PROTECT, related_name="seals")
    sealed_at = models.DateTimeField()

    append_only = AppendOnly()

    def __str__(self) -> str:
        return f"seal of {self.day:%Y-%m-%d}"

    @property
    def signature_bytes(self) -> bytes:
        """The signature in DER form, as a `.sig` file holds it."""
        return base64.b64decode(self.signature)
