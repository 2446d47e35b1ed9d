"""The clocks of this machine and of its database, held against each other."""

from __future__ import annotations

import time
from datetime import datetime

from evidence.models import ClockReading
from evidence.services.clocks import read_clocks
from ledger.clock import now as database_time


def look_at_clocks(now: datetime) -> ClockReading | None:
    """Read the clocks, if nobody did in this hour."""
    return read_clocks(now, offset_ms=offset_ms)


def offset_ms() -> int:
    """This machine's clock minus the database's; half of the way there and back is on each side."""
    before = time.time()
    told = database_time().timestamp()
    return round(((before + time.time()) / 2 - told) * 1000)
