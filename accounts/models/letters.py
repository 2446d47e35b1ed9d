"""Mail about somebody's own account: password resets and invitations, sent by the engine, not by a request."""

from __future__ import annotations

from django.db import models

from accounts.models.people import User
from ledger.fields import EncryptedTextField


class Letter(models.Model):
    """One mail on its way. A runtime row: its text holds a secret link and is emptied once it has left."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="letters")
    subject = models.CharField(max_length=200)
    body = EncryptedTextField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(ended_at__isnull=True), name="letter_due")]

    def __str__(self) -> str:
        return f"letter to {self.user.email_mask}"
