"""Overrides: somebody is on call instead of, beside or not as the rotation has it, for a while."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from oncall.models import Override, Schedule
from oncall.rota.problems import ScheduleError, problems_of_override
from oncall.rota.schedule import PRIMARY, Kind
from oncall.schedules import override_value
from oncall.services.duty import hold, settle

# what the parts of a value are called where they are written
FIELDS = {"start": "start_at", "end": "end_at"}
PAST = "The past is on record: choose now or later."


@transaction.atomic
def make_override(
    schedule: Schedule,
    *,
    kind: str,
    end_at: datetime,
    by: User,
    now: datetime,
    reason: str,
    start_at: datetime | None = None,
    who: User | None = None,
    whom: User | None = None,
    role: str = PRIMARY,
    swap: str = "",
) -> Override:
    """Override a schedule in `[start_at, end_at)`, from now without a start. Raises ScheduleError.

    kind: replace (who instead of whom; of everybody without whom), add (who), remove (whom).
    swap: public id of the swap that it carries out.
    """
    held = hold(schedule)
    if start_at is not None and start_at < now:
        raise ScheduleError({"start_at": PAST})
    if kind not in list(Kind):
        raise ScheduleError({"kind": f"An override is one of {', '.join(Kind)}."})
    if who is not None and not who.is_active:
        raise ScheduleError({"who": f"{who.name} is nobody who can be paged. Choose somebody active."})
    last = Override.objects.filter(schedule=held).aggregate(last=Max("number"))["last"] or 0
    made = Override(
        schedule=held, number=last + 1, role=role, kind=kind, start_at=start_at or now, end_at=end_at, who=who, whom=whom,
        made_by=by, swap=swap,
    )  # fmt: skip
    found = problems_of_override(override_value(made))
    if found:
        raise ScheduleError({FIELDS.get(field, field): said for field, said in found.items()})
    settle(held, now=now)
    made.save(now=now, reason=reason)
    settle(held, now=now)
    return made


@transaction.atomic
def end_override(
    override: Override, *, now: datetime, reason: str, at: datetime | None = None, expected_version: int | None = None
) -> Override:
    """End an override at an instant, now without one; what has not begun by then is taken back.

    Raises ScheduleError if it is over or the instant is past, StaleVersion.
    """
    held = hold(override.schedule)
    found = Override.objects.select_for_update(of=("self",)).select_related("schedule", "who", "whom", "made_by")
    row: Override = found.get(pk=override.pk)
    until = now if at is None else at
    if until < now:
        raise ScheduleError({"at": PAST})
    if row.retired_at is not None or row.end_at <= until:
        raise ScheduleError({"override": "It is over by then."})
    settle(held, now=now)
    if row.start_at >= until:
        row.retire(now=now, reason=reason, expected_version=expected_version)
    else:
        row.end_at = until
        row.save(now=now, reason=reason, expected_version=expected_version)
    settle(held, now=now)
    return row
