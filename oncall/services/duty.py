"""Who is on call, put on record: an interval begins and ends with each change of the answer. docs/schedules.md, "What is on record".

The plan is read up to an instant and what it says of the time since the last reading is written down. Whoever changes a
plan settles it first: what was is recorded as the old plan had it, and the new one counts from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from ledger.record import instant, record
from ledger.texts import keep
from oncall.models import OnCallInterval, Override, Schedule, ScheduleLayer
from oncall.models.duty import NOBODY, OVERRIDE, ROTATION
from oncall.rota import schedule as rota
from oncall.rota.calendar import INSTANT, Window
from oncall.rota.problems import ScheduleError
from oncall.rota.resolve import shifts, standing
from oncall.rota.words import cause_of, reasons
from oncall.schedules import planned

# a long standstill is caught up piece by piece, so that no transaction grows with it
AT_ONCE = timedelta(days=31)
BATCH = 100

Key = tuple[str, str, int | None, str]  # person, layer, turn, override


def record_due(now: datetime) -> int:
    """Put on record every change that is due by `now`; return how many schedules had one."""
    due = Schedule.objects.in_force().filter(next_change_at__lte=now).order_by("next_change_at", "pk")
    found = list(due[:BATCH])
    for schedule in found:
        record_up_to(schedule, now)
    return len(found)


def record_up_to(schedule: Schedule, now: datetime) -> None:
    """Put on record what one schedule said up to `now`; each month of it is a transaction."""
    while not _record_piece(schedule.pk, now):
        continue


def hold(schedule: Schedule) -> Schedule:
    """The row of a schedule in force, locked until the caller's transaction ends. Raises ScheduleError."""
    held: Schedule = Schedule.objects.select_for_update().get(pk=schedule.pk)
    if held.retired_at is not None:
        raise ScheduleError({"schedule": f"{held.name} is out of force."})
    return held


def settle(held: Schedule, *, now: datetime) -> None:
    """Record a schedule up to `now`. In the caller's transaction, which holds its row."""
    while not _write(held, now):
        continue


def close(held: Schedule, *, now: datetime) -> None:
    """End what is open: the schedule goes out of force. In the caller's transaction, which holds its row."""
    rows = list(_open(held))
    if rows:
        _change(held, rows, [], at=now, now=now)


@transaction.atomic
def _record_piece(key: int, now: datetime) -> bool:
    held = Schedule.objects.select_for_update().get(pk=key)
    return held.retired_at is not None or _write(held, now)


def _write(held: Schedule, now: datetime) -> bool:
    """Record at most a month; return whether that was all.

    If the clock went back, or a tick was a moment ahead of an edit, what is on record stays: the plan counts from its end.
    """
    until = max(held.recorded_until, min(now, held.recorded_until + AT_ONCE))
    plan = planned(held, held.recorded_until)
    open_ones = list(_open(held))
    roles = list(dict.fromkeys([*plan.roles(), *(row.role for row in open_ones)]))
    for role in roles:
        within = Window(held.recorded_until, until + INSTANT)
        _write_role(held, plan, shifts(plan, within, role), [row for row in open_ones if row.role == role], now)
    held.recorded_until = until
    held.next_change_at = min((standing(plan, until, role).end for role in roles), default=None)
    held.save(now=now)
    return until >= now


def _write_role(
    held: Schedule, plan: rota.Schedule, found: Sequence[rota.Shift], rows: list[OnCallInterval], now: datetime
) -> None:
    for shift in found:
        wanted = {_key_of(one): index for index, one in enumerate(shift.on_call)} or {_key_of(None): 0}
        ended = [row for row in rows if _key(row) not in wanted]
        kept = [row for row in rows if _key(row) in wanted]
        new = [index for key, index in wanted.items() if key not in {_key(row) for row in kept}]
        if ended or new:
            said = reasons(plan, shift)
            began = [_interval(held, plan, shift, index, said[index], now) for index in new]
            _change(held, ended, began, at=shift.start, now=now)
            rows = [*kept, *began]


def _change(
    held: Schedule, ended: list[OnCallInterval], began: list[OnCallInterval], *, at: datetime, now: datetime
) -> None:
    """One change of the answer: intervals that end, intervals that begin, one line of the ledger."""
    open_ones = OnCallInterval.objects.filter(pk__in=[row.pk for row in ended], ended_at__isnull=True)
    open_ones.update(ended_at=at, closed_at=now)
    for row in began:
        row.save()
    record(
        "oncall.changed", [held, *ended, *began],
        {
            "at": instant(at), "schedule_version": held.version, "ended": [row.public_id for row in ended],
            "began": [_told(row) for row in began],
        }, now=now,
    )  # fmt: skip


def _told(row: OnCallInterval) -> dict[str, str | int | None]:
    return {
        "id": row.public_id,
        "role": row.role,
        "person": row.person.public_id if row.person else None,
        "source": row.source,
        "layer": row.layer.public_id if row.layer else None,
        "turn": row.turn,
        "override": row.override.public_id if row.override else None,
        "cause": row.cause,
        "why": row.why_sha256,
    }


def _interval(
    held: Schedule, plan: rota.Schedule, shift: rota.Shift, index: int, why: str, now: datetime
) -> OnCallInterval:
    one = shift.on_call[index] if shift.on_call else None
    person = User.objects.get(public_id=one.person.id) if one else None
    return OnCallInterval(
        schedule=held,
        role=shift.role,
        person=person,
        name_sha256=keep(person.name, now=now) if person else "",
        started_at=shift.start,
        source=NOBODY if one is None else OVERRIDE if one.override else ROTATION,
        layer=ScheduleLayer.objects.get(public_id=one.turn.layer) if one and one.turn else None,
        turn=one.turn.number if one and one.turn else None,
        override=Override.objects.get(public_id=one.override.id) if one and one.override else None,
        cause="" if one else cause_of(plan, shift),
        why_sha256=keep(why, now=now),
        schedule_version=held.version,
        recorded_at=now,
    )


def _open(held: Schedule) -> QuerySet[OnCallInterval]:
    found = OnCallInterval.objects.filter(schedule=held, ended_at__isnull=True)
    return found.select_related("person", "layer", "override").order_by("pk")


def _key(row: OnCallInterval) -> Key:
    return (
        row.person.public_id if row.person else "",
        row.layer.public_id if row.layer else "",
        row.turn,
        row.override.public_id if row.override else "",
    )


def _key_of(one: rota.OnCall | None) -> Key:
    if one is None:
        return "", "", None, ""
    turn, override = one.turn, one.override
    return one.person.id, turn.layer if turn else "", turn.number if turn else None, override.id if override else ""
