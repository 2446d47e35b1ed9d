"""What was deleted because its time was over. The row comes first: without one, the database lets nothing go."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField


class PurgeRecord(models.Model):
    """One deletion: which table, what was older than what, how many rows, and the hash of what they held.

    While done_at is empty the triggers of that one table let rows older than bound_at go, and no others
    (ledger.append_only); it is set in the same transaction. rule: the rule of docs/retention.md. digest: SHA-256 over the
    rows in the order of first and last.
    """

    append_only = AppendOnly(set_once=("done_at",), born_null=("done_at",))

    public_id = PublicIdField(prefix="prg")
    table_name = models.CharField(max_length=63)
    rule = models.CharField(max_length=64)
    bound_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["table_name"], condition=models.Q(done_at__isnull=True), name="purge_open"),
        ]

    def __str__(self) -> str:
        return f"{self.rows} of {self.table_name}"
