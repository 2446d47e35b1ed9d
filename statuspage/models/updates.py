"""What customers were told of an incident. It only grows: a correction is a new row that supersedes another."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField
from statuspage.models.pages import StatusPage


class StatusUpdate(models.Model):
    """One public update. `occurred_at` is the time customers read beside it, `recorded_at` is ours.

    Title, words and the reason of a correction are kept by their hashes, so that they can be erased while the
    fact stays. story: the id under which customers know the incident, that of its first update on the page, because
    a number would tell how many incidents there were. affected: {public id of a component: what it means for customers}, one of statuspage.states.IMPACTS.
    """

    public_id = PublicIdField(prefix="upd")
    page = models.ForeignKey(StatusPage, on_delete=models.PROTECT, related_name="updates")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="status_updates")
    story = models.CharField(max_length=40)
    status = models.CharField(max_length=16)
    title_sha256 = models.CharField(max_length=64)
    text_sha256 = models.CharField(max_length=64)
    affected = models.JSONField(default=dict)
    person = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=40, blank=True, default="")
    how = models.CharField(max_length=120, blank=True, default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    supersedes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="superseded_by")
    reason_sha256 = models.CharField(max_length=64, blank=True, default="")
    entry = models.ForeignKey("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    append_only = AppendOnly()

    class Meta:
        indexes = [
            models.Index(fields=["page", "-occurred_at"], name="status_update_newest"),
            models.Index(fields=["incident", "page", "-occurred_at"], name="status_update_story"),
        ]

    def __str__(self) -> str:
        return f"{self.status} at {self.occurred_at:%H:%M:%S}"
