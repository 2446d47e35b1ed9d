"""What our clock was worth, hour by hour: without that no instant in a report means anything."""

from __future__ import annotations

from django.db import models

from ledger.append_only import AppendOnly
from ledger.fields import PublicIdField


class ClockReading(models.Model):
    """One look at the clocks, the first of its hour.

    source: who said whether the machine's clock is kept in step, `kernel` or `none`; synchronised and max_error_ms are
    null where nobody can say. offset_ms: this machine's clock minus the database's, which decides what is due.
    """

    append_only = AppendOnly()

    public_id = PublicIdField(prefix="clk")
    hour = models.DateTimeField(unique=True)
    read_at = models.DateTimeField()
    source = models.CharField(max_length=8)
    synchronised = models.BooleanField(null=True)
    max_error_ms = models.BigIntegerField(null=True)
    offset_ms = models.IntegerField()

    def __str__(self) -> str:
        return f"clocks at {self.read_at:%Y-%m-%d %H:%M}"
