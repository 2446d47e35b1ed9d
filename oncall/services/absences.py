"""Calendars of absences: taken in and withdrawn. No shift changes by either."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import User
from ledger.texts import keep
from oncall.calendar_read import CalendarError, Found, read_calendar
from oncall.models import Absence, AbsenceCalendar, Schedule
from oncall.rota.calendar import Window

AHEAD = timedelta(days=400)
MOST_CALENDARS = 20
NAME_MOST = 80


class AbsencesWithdrawn(Exception):
    """The calendar was withdrawn already."""


@transaction.atomic
def take_absences(
    *,
    name: str,
    data: bytes,
    person: User | None = None,
    schedule: Schedule | None = None,
    by: User,
    now: datetime,
    reason: str = "",
) -> tuple[AbsenceCalendar, Found]:
    """Keep what a file says of the next 400 days: when a person is away, or which days are holidays of a schedule.

    Whole days are days of the zone of the person or schedule. Returns also what was left out. Raises CalendarError.
    """  # fmt: skip
    of = person or schedule
    if of is None or (person and schedule):
        raise TypeError("absences are of one person or of one schedule")
    if not name.strip() or len(name) > NAME_MOST:
        raise CalendarError(f"Give it a name of at most {NAME_MOST} characters.")
    type(of).objects.select_for_update().get(pk=of.pk)
    if AbsenceCalendar.objects.in_force().filter(person=person, schedule=schedule).count() >= MOST_CALENDARS:
        raise CalendarError(f"There are {MOST_CALENDARS} calendars already. Withdraw one that is not needed any more.")
    zone = of.zone if isinstance(of, User) else ZoneInfo(of.zone)
    found = read_calendar(data, zone, Window(now, now + AHEAD))
    if not found.away:
        raise CalendarError("It holds no event in the next 400 days that can be read.")
    made = AbsenceCalendar(
        name=name.strip(), person=person, schedule=schedule, uploaded_by=by, file_sha256=sha256(data).hexdigest(),
        times=len(found.away), left_out=len(found.left_out),
    )  # fmt: skip
    made.save(now=now, reason=reason)
    for one in found.away:
        Absence(calendar=made, start_at=one.start, end_at=one.end, what_sha256=keep(one.what, now=now)).save()
    return made, found


@transaction.atomic
def withdraw_absences(
    calendar: AbsenceCalendar, *, now: datetime, reason: str, expected_version: int | None = None
) -> AbsenceCalendar:
    """Take a calendar back: nothing of it is held against shifts any more; it stays on record. Raises AbsencesWithdrawn, StaleVersion."""
    held: AbsenceCalendar = AbsenceCalendar.objects.select_for_update().get(pk=calendar.pk)
    if held.retired_at is not None:
        raise AbsencesWithdrawn("It was withdrawn already.")
    held.retire(now=now, reason=reason, expected_version=expected_version)
    return held
