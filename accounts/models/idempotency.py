"""Answers already given under an Idempotency-Key: a runtime table, kept for a day."""

from __future__ import annotations

from django.db import models

from ledger.fields import EncryptedTextField


class IdempotencyKey(models.Model):
    """One request that a client may safely send again. Written in the transaction of what it did."""

    principal = models.CharField(max_length=40, help_text="Public id of the token or person.")
    key = models.CharField(max_length=128)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    # an answer may hold names of people
    answer = EncryptedTextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["principal", "created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"
