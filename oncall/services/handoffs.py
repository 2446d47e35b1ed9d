"""Telling who comes on call what they take over: a letter before the hand-off and one at it, each once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from oncall.handoffs import SOON, Due
from oncall.models import Notice, Schedule
from oncall.rota.schedule import PRIMARY
from oncall.rota.words import moment, names
from oncall.services.notices import HANDOFF, notify


@transaction.atomic
def tell_handoff(due: Due, going_on: Sequence[str], *, now: datetime) -> Notice | None:
    """Write to who comes on call; None if another worker did, or the hand-off is not wanted any more.

    going_on: lines about what is open, muted and planned.
    """
    held = Schedule.objects.select_for_update().get(pk=due.schedule.pk)
    if held.retired_at is not None or not held.handoff_notices:
        return None
    subject, body = _words(due, going_on)
    return notify(due.person, kind=HANDOFF, key=due.key, schedule=held, subject=subject, body=body, now=now)


def _words(due: Due, going_on: Sequence[str]) -> tuple[str, str]:
    handoff, schedule = due.handoff, due.schedule
    zone, own = ZoneInfo(schedule.zone), due.person.zone
    what = schedule.name if handoff.role == PRIMARY else f"{schedule.name} ({handoff.role})"
    at = moment(handoff.at, zone)
    subject = f"On call from {at}: {what}" if due.stage == SOON else f"You are on call: {what}"
    lines = [f"{'You come on call' if due.stage == SOON else 'You are on call'} for {what}.", "", _times(due, zone)]
    if own.key != zone.key:
        lines.append(f"For you: {_times(due, own)}")
    lines.append(
        f"{names(handoff.leaving)} {'hands' if len(handoff.leaving) < 2 else 'hand'} over."
        if handoff.leaving
        else "Nobody was on call just before."
    )
    lines += [f"{role.capitalize()} then: {person.name}." for role, person in handoff.beside]
    if not handoff.beside:
        lines.append("Nobody stands behind you in this schedule.")
    return subject, "\n".join([*lines, "", *going_on, "", f"{settings.PUBLIC_URL.rstrip('/')}/"])


def _times(due: Due, zone: ZoneInfo) -> str:
    until = due.handoff.until
    ends = f"to {moment(until, zone)}" if until else "with no end in sight"
    return f"{moment(due.handoff.at, zone)} {ends} ({zone.key})"
