"""What evidence promises: the auditor runs each minute, the dead-man hears from us, days are sealed and seals leave."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from evidence.models import AuditorState, SealLetter
from evidence.queries.sealed import anchors
from evidence.queries.watch import TURNS_MISSED, dead_man_standing
from ledger.promises import Breach, Promise, counted, lasting
from ledger.seals import day_due, newest_seal

PINGS_LOST = 3
SEALED_WITHIN, MAILED_WITHIN, TOLD_FOR = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


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


def days_are_sealed(now: datetime) -> Breach | None:
    """Every day is sealed within an hour of the time from which it may be."""
    day = day_due(now - SEALED_WITHIN)
    return Breach(f"The ledger of {day} is not sealed, nor is any day after it.") if day else None


def anchor_is_named(now: datetime) -> Breach | None:
    """Somebody outside is sent the seals, as soon as there is one."""
    newest = newest_seal()
    if newest is None or anchors().exists():
        return None
    return Breach(f"Nobody outside gets the seals: the newest, of {newest.day}, is only on this machine.")


def seals_leave(now: datetime) -> Breach | None:
    """Every seal is mailed to those outsiders within a day; one that was given up is told of for a week."""
    waits = Q(ended_at__isnull=True, created_at__lt=now - MAILED_WITHIN)
    given_up = Q(ended_at__gt=now - TOLD_FOR, sent_at__isnull=True) & ~Q(last_error="")
    held = SealLetter.objects.filter(waits | given_up, anchor__retired_at__isnull=True)
    days = list(held.order_by("seal__day").values_list("seal__day", flat=True))
    if not days:
        return None
    return Breach(f"{counted(len(days), 'letter')} with a seal did not leave, the oldest with that of {days[0]}.")


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
    Promise(
        name="evidence.days_are_sealed",
        says="Each day of the ledger is sealed by 01:10 UTC of the next one.",
        trouble="a day of the record is not sealed",
        check=days_are_sealed,
        remedy="Look for `step_failed` with the step seal in the engine's log, and whether a worker takes the queue slow.",
    ),
    Promise(
        name="evidence.anchor_is_named",
        says="Somebody outside is named who gets each day's seal.",
        trouble="nobody outside holds a seal",
        check=anchor_is_named,
        remedy="Name an anchor on the page of the ledger: whoever holds the seals can prove that nothing was changed later.",
    ),
    Promise(
        name="evidence.seals_leave",
        says="Each seal is mailed to the outsiders who are named within a day.",
        trouble="seals do not leave this machine",
        check=seals_leave,
        remedy="Check EMAIL_URL with `manage.py doctor`, and the addresses on the page of the ledger.",
    ),
)
