"""What keeps alerts from paging, as the covers that `correlate` reads."""

from __future__ import annotations

from datetime import UTC, datetime

from incidents.correlate import Cover
from monitors.dependencies import held_by_parents
from monitors.maintenance import muted_at

EVER = datetime.min.replace(tzinfo=UTC)


def maintenance_at(now: datetime) -> list[Cover]:
    """Maintenance windows in force at `now`: one cover for each service and monitor they name."""
    return [Cover(one.window, scope, one.start, one.end) for one in muted_at(now) for scope in one.covered]


def parents_at(now: datetime, *, settling: bool = False) -> list[Cover]:
    """One cover for each monitor that depends on one that is down. settling: also those that may recover with it."""
    return [Cover(one.parent, one.child, EVER) for one in held_by_parents(now) if settling or not one.settling]
