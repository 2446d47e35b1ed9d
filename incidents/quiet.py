"""What keeps alerts from paging, as the covers that `correlate` reads."""

from __future__ import annotations

from datetime import datetime

from incidents.correlate import Cover
from monitors.maintenance import muted_at


def maintenance_at(now: datetime) -> list[Cover]:
    """Maintenance windows in force at `now`: one cover for each service and monitor they name."""
    return [Cover(one.window, scope, one.start, one.end) for one in muted_at(now) for scope in one.covered]
