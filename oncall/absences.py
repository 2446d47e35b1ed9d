"""Absences held against shifts: who is on call while they cannot, and who would be their own second. Changes no row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from accounts.models import User
from ledger.texts import read_many
from oncall.models import Absence, Schedule
from oncall.rota import schedule as rota
from oncall.rota.calendar import Window
from oncall.rota.conflicts import Conflict, absent, doubled
from oncall.rota.resolve import shifts
from oncall.schedules import planned, planned_all

AWAY, HOLIDAY, DOUBLED = "away", "holiday", "doubled"
LOOKED = timedelta(days=90)


class Clash(NamedTuple):
    """One conflict of a schedule. kind: away, holiday or doubled. what: as the calendar calls it; calendar: its public id."""

    schedule: Schedule
    kind: str
    conflict: Conflict
    calendar: str
    what: str


def clashes_of(schedule: Schedule, within: Window) -> list[Clash]:
    """What does not fit together in a window of a schedule, by time. The window begins now or later."""
    plan = planned(schedule, within.start)
    return _clashes(schedule, plan, within, _rows(within))


def clashes_of_person(person: User, within: Window) -> list[Clash]:
    """The same for one person, in every schedule."""
    schedules = list(Schedule.objects.in_force().order_by("name", "pk"))
    rows = _rows(within)
    found = [
        clash
        for schedule, plan in zip(schedules, planned_all(schedules, within.start), strict=True)
        for clash in _clashes(schedule, plan, within, rows)
    ]
    return sorted(
        (one for one in found if one.conflict.person.id == person.public_id), key=lambda one: one.conflict.start
    )


def _rows(within: Window) -> list[Absence]:
    rows = Absence.objects.filter(
        calendar__retired_at__isnull=True, start_at__lt=within.end, end_at__gt=within.start
    ).select_related("calendar__person", "calendar__schedule")
    return list(rows.order_by("start_at", "pk"))


def _clashes(schedule: Schedule, plan: rota.Schedule, within: Window, rows: Iterable[Absence]) -> list[Clash]:
    people = {person for role in plan.roles() for shift in shifts(plan, within, role) for person in shift.people}
    asked = {person.id: person for person in people}
    held: dict[str, tuple[Absence, str]] = {}
    absences = []
    for row in rows:
        of = row.calendar
        if of.person and of.person.public_id in asked:
            who = [asked[of.person.public_id]]
        else:
            who = sorted(people, key=lambda one: one.id) if of.schedule_id == schedule.pk else []
        for person in who:
            key = f"{row.public_id}:{person.id}"
            held[key] = row, AWAY if of.person else HOLIDAY
            absences.append(rota.Absence(key, person, row.start_at, row.end_at))
    texts = read_many({row.what_sha256 for row, _ in held.values() if row.what_sha256})
    found = [Clash(schedule, DOUBLED, one, "", "") for one in doubled(plan, within)]
    for one in absent(plan, within, absences):
        row, kind = held[one.absence.id if one.absence else ""]
        found.append(Clash(schedule, kind, one, row.calendar.public_id, texts.get(row.what_sha256, "")))
    return sorted(found, key=lambda one: (one.conflict.start, one.kind, one.conflict.person.id))
