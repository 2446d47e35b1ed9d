"""Packs that were made: the row stays, the files are whoever asked for them's."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField


class Pack(models.Model):
    """One evidence pack. `sums_sha256` is the hash of its SHA256SUMS, which names every file of it by its own hash."""

    public_id = PublicIdField(prefix="pck")
    kind = models.CharField(max_length=16)
    subject = models.CharField(max_length=64)
    folder = models.CharField(max_length=200)
    as_of = models.DateTimeField()
    made_at = models.DateTimeField()
    made_by_kind = models.CharField(max_length=16)
    made_by_id = models.CharField(max_length=40, blank=True, default="")
    files = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    sums_sha256 = models.CharField(max_length=64)
    key_fingerprint = models.CharField(max_length=64)
    sealed_until = models.DateField(null=True)

    append_only = AppendOnly()

    class Meta:
        indexes = [models.Index(fields=["subject", "-id"], name="pack_subject")]

    def __str__(self) -> str:
        return f"{self.folder}"
