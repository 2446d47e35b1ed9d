"""Whether the monitoring itself ran: one row for each day that is over. Written once, never computed again."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField


class ContinuityDay(models.Model):
    """What a day's monitoring came to, in days of UTC, as its seal says it too (monitors.continuity.Continuity).

    None: not known, because the results of the day are not kept any more, or nothing noted down who was alive.
    engine_up_s, sender_up_s, database_up_s: seconds of the day in which each was heard.
    """

    append_only = AppendOnly()

    public_id = PublicIdField(prefix="cnd")
    day = models.DateField(unique=True)
    monitors = models.PositiveIntegerField()
    checks_expected = models.BigIntegerField()
    checks_executed = models.BigIntegerField(null=True)
    checks_late = models.BigIntegerField(null=True)
    longest_gap_s = models.PositiveIntegerField(null=True)
    engine_up_s = models.PositiveIntegerField(null=True)
    sender_up_s = models.PositiveIntegerField(null=True)
    database_up_s = models.PositiveIntegerField(null=True)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"monitoring on {self.day:%Y-%m-%d}"
