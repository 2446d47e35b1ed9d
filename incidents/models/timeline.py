"""The story of one incident, for people. It only grows."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField


class TimelineEntry(models.Model):
    """One thing that happened, with two clocks: `occurred_at` is claimed, `recorded_at` is ours.

    Names and free text are not in the row, so that both can be erased while the fact stays: the person is
    a key, the text a hash (ledger.texts). Words are rendered from `kind` and `data` by incidents.story.
    """

    public_id = PublicIdField(prefix="tle")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="timeline")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    person = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=40, blank=True, default="")
    how = models.CharField(max_length=120, blank=True, default="")
    data = models.JSONField(default=dict)
    text_sha256 = models.CharField(max_length=64, blank=True, default="")
    entry = models.ForeignKey("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    append_only = AppendOnly()

    class Meta:
        verbose_name_plural = "timeline entries"
        indexes = [models.Index(fields=["incident", "occurred_at", "id"], name="timeline_story")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.occurred_at:%H:%M:%S}"
