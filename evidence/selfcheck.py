"""What evidence promises: the auditor runs each minute, and the outside dead-man hears from us."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from evidence.models import AuditorState
from evidence.queries.watch import TURNS_MISSED, dead_man_standing
from ledger.promises import Breach, Promise, lasting

PINGS_LOST = 3


def audited_each_minute(now: datetime) -> Breach | None:
    """The last audit ended not long before this one: a gap is a time in which nobody watched the watcher."""
    state = AuditorState.objects.first()
    if state is None or state.done_at is None:
        return None
    gap = now - state.done_at
    if gap <= timedelta(seconds=settings.SELF_CHECK_EVERY_S * TURNS_MISSED):
        return None
    return Breach(f"No audit ran for {lasting(gap)}, since {state.done_at:%Y-%m-%d %H:%M} UTC: the engine stood still.")


def dead_man_reached(now: datetime) -> Breach | None:
    """The named dead-man takes our pings."""
    standing = dead_man_standing()
    if not standing.named or standing.failed < PINGS_LOST:
        return None
    return Breach(f"The dead-man did not take the last {standing.failed:,} pings. {standing.error}")


PROMISES = (
    Promise(
        name="evidence.audited_each_minute",
        says="The auditor runs each minute; three minutes without an audit are a gap.",
        trouble="the watcher was not watched",
        check=audited_each_minute,
        remedy="Ask why the engine stood still. The finding ends with the next audit; its hour in the record keeps the gap.",
    ),
    Promise(
        name="evidence.dead_man_reached",
        says="The dead-man that somebody named takes our pings; three in a row that it does not are too many.",
        trouble="the dead-man is not reached",
        check=dead_man_reached,
        remedy="Look at its address on the page System, and whether this machine may call it.",
    ),
)
