"""Corrections of who was on call: one person asks, another decides. Nothing recorded is touched.

Rules in words: docs/schedules.md, "When the record is wrong".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.second_person import approves_alone
from ledger.record import instant, record
from ledger.texts import keep
from oncall.lived import lived_in, recorded
from oncall.models import OnCallCorrection, Schedule
from oncall.rota.calendar import Window
from oncall.rota.problems import ScheduleError
from oncall.rota.schedule import PRIMARY

REASON_MOST = 2_000


class Decided(Exception):
    """The correction was decided already."""


@transaction.atomic
def request_correction(
    schedule: Schedule,
    *,
    start_at: datetime,
    end_at: datetime,
    people: Sequence[str],
    reason: str,
    by: User,
    now: datetime,
    role: str = PRIMARY,
) -> OnCallCorrection:
    """Ask that these people, by public id, count as on call in `[start_at, end_at)`; none: that nobody was.

    It changes nothing before somebody else approves. The stretch must be on record. Raises ScheduleError by field.
    """
    held = Schedule.objects.select_for_update().get(pk=schedule.pk)
    within = _stretch(held, start_at, end_at, role, now)
    if not reason.strip() or len(reason) > REASON_MOST:
        raise ScheduleError({"reason": f"Say in at most {REASON_MOST} characters what is wrong, and how you know."})
    known = set(User.objects.filter(public_id__in=people).values_list("public_id", flat=True))
    if len(set(people)) != len(people) or set(people) - known:
        raise ScheduleError({"people": "Name each person once, by an id that is there."})
    told = lived_in(held, within, role, now=now)
    if all({person.id for person in one.people or ()} == set(people) for one in told):
        raise ScheduleError({"people": "That is what is on record."})
    made = OnCallCorrection(
        schedule=held, role=role, start_at=start_at, end_at=end_at, people=list(people), requested_by=by, requested_at=now,
        intervals=[row.public_id for row in recorded(within).filter(schedule=held, role=role)],
        reason_sha256=keep(reason.strip(), now=now),
    )  # fmt: skip
    made.save()
    record(
        "oncall.correction_requested", [made, held, *(("oncallinterval", one) for one in made.intervals)],
        {
            "role": role, "start": instant(start_at), "end": instant(end_at), "people": made.people,
            "reason": made.reason_sha256,
        }, now=now,
    )  # fmt: skip
    return made


@transaction.atomic
def approve_correction(correction: OnCallCorrection, *, by: User, now: datetime, reason: str = "") -> OnCallCorrection:
    """Agree, as somebody who did not ask: from now on it counts. Where nobody else may, the requester can, on record.

    Raises SamePerson, Decided.
    """
    held = _undecided(correction)
    alone = approves_alone(held.requested_by, by, held.schedule)
    return _decide(held, True, alone=alone, by=by, now=now, reason=reason)


@transaction.atomic
def refuse_correction(correction: OnCallCorrection, *, by: User, now: datetime, reason: str) -> OnCallCorrection:
    """Refuse, or take a request of one's own back: the record stands. Raises ScheduleError, Decided."""
    if not reason.strip():
        raise ScheduleError({"reason": "Say why in a few words."})
    return _decide(_undecided(correction), False, alone=None, by=by, now=now, reason=reason)


def _stretch(held: Schedule, start_at: datetime, end_at: datetime, role: str, now: datetime) -> Window:
    if end_at <= start_at:
        raise ScheduleError({"end_at": "It ends after it begins."})
    within = Window(start_at, end_at)
    if any(one.people is None for one in lived_in(held, within, role, now=now)):
        raise ScheduleError({"start_at": "Not all of that stretch is on record, so it cannot be corrected."})
    return within


def _undecided(correction: OnCallCorrection) -> OnCallCorrection:
    rows = OnCallCorrection.objects.select_for_update(of=("self",)).select_related("schedule__team", "requested_by")
    held: OnCallCorrection = rows.get(pk=correction.pk)
    if held.decided_at is not None:
        raise Decided(f"It was {held.standing} already.")
    return held


def _decide(
    held: OnCallCorrection, approved: bool, *, alone: bool | None, by: User, now: datetime, reason: str
) -> OnCallCorrection:
    sha = keep(reason.strip(), now=now)
    OnCallCorrection.objects.filter(pk=held.pk, decided_at__isnull=True).update(
        decided_at=now, decided_by=by, approved=approved, approved_alone=alone, decision_sha256=sha or None
    )
    said = {"by": by.public_id, "alone": bool(alone), "reason": sha}
    kind = f"oncall.correction_{'approved' if approved else 'refused'}"
    record(kind, [held, held.schedule, *(("oncallinterval", one) for one in held.intervals)], said, now=now)
    return OnCallCorrection.objects.get(pk=held.pk)
