"""Buttons that people pressed in a chat."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger.fields import EncryptedTextField
from oncall.models.paging import Page


class InboundTap(models.Model):
    """One press of a button, by whomever. `sid` is the same for the same press, so that a repeat finds the first one.

    `page` is empty where the button was none of ours. `outcome` and `answer`: what it did, and the words for who pressed.
    The words go out by the sender, at `reply_due_at`; `reply_to` is where, and is emptied with it.
    """

    sid = models.CharField(max_length=64, unique=True)
    provider = models.CharField(max_length=16)
    page = models.ForeignKey(Page, null=True, on_delete=models.PROTECT, related_name="taps")
    verb = models.CharField(max_length=16)
    user_fingerprint = models.CharField(max_length=16, db_index=True)
    user_mask = models.CharField(max_length=32)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, blank=True, default="")
    answer = models.CharField(max_length=400, blank=True, default="")
    reply_to = EncryptedTextField(blank=True, default="")
    reply_due_at = models.DateTimeField(null=True)
    reply_tries = models.PositiveSmallIntegerField(default=0)
    replied_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["received_at"], condition=Q(handled_at__isnull=True), name="tap_unhandled"),
            models.Index(fields=["reply_due_at"], condition=Q(reply_due_at__isnull=False), name="tap_reply_due"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} by {self.user_mask}: {self.outcome or 'not handled'}"
