"""Feeds as values: what a calendar address shows, from the record up to now and from the plan after it. Changes no row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import User
from oncall.calendar_text import Entry, calendar_text
from oncall.lived import lived_in, recorded
from oncall.models import CalendarFeed, Schedule
from oncall.rota.calendar import Window
from oncall.rota.schedule import PRIMARY, Person
from oncall.rota.stretches import Stretch, joined, source, stretches, uid
from oncall.schedules import planned

BACK, AHEAD = timedelta(days=31), timedelta(days=180)


def feed_text(feed: CalendarFeed, *, now: datetime) -> bytes:
    """The file behind a calendar address."""
    owner = feed.owner
    if feed.schedule is not None:
        of = feed.schedule
        return calendar_text(f"{of.name} on call", of.zone, entries_of([of], None, now=now))
    since = _day(now) - BACK
    schedules = Schedule.objects.filter(Q(retired_at__isnull=True) | Q(retired_at__gt=since)).order_by("pk")
    entries = entries_of(list(schedules), owner, now=now)
    return calendar_text(f"{owner.name} on call", owner.timezone, entries)


def entries_of(schedules: list[Schedule], person: User | None, *, now: datetime) -> list[Entry]:
    """The entries of schedules from 31 days back to those that begin within 180 days, of one person or of everybody."""
    asked = person.public_id if person else ""
    found = [entry for schedule in schedules for entry in _entries(schedule, asked, now)]
    return sorted(found, key=lambda one: (one.start, one.uid))


def stretches_of(schedule: Schedule, *, now: datetime) -> list[Stretch]:
    """Who was on call in a schedule, as recorded and corrected, and who will be, as planned; what goes on is one stretch.

    Bounds of the window are whole days, so that what is read twice in a day is the same.
    """
    in_force = schedule.retired_at is None
    seam = min(now, schedule.next_change_at or now) if in_force else now
    plan = planned(schedule, seam)
    within = Window(_day(now) - BACK, seam)
    roles = dict.fromkeys([*plan.roles(), *recorded(within).filter(schedule=schedule).values_list("role", flat=True)])
    pieces: list[Stretch] = []
    for role in roles:
        pieces += _past(schedule, within, role, now)
        if in_force:
            pieces += stretches(plan, Window(seam, _day(now) + AHEAD), role)
    return joined(pieces)


def _past(schedule: Schedule, within: Window, role: str, now: datetime) -> Iterator[Stretch]:
    """What is on record, each to its own start, and as corrections have it."""
    rows = list(_rows(within, schedule, role))
    begun = min([within.start, *(row.started_at for row in rows)])
    known = {row.public_id: row for row in _rows(Window(begun, within.end), schedule, role)}
    for one in lived_in(schedule, Window(begun, within.end), role, now=now) if begun < within.end else ():
        if one.end <= within.start:
            continue
        if one.correction:
            yield from (Stretch(role, person, one.start, one.end, one.correction) for person in one.people or ())
            continue
        for row in (known[fact] for fact in one.facts):
            if row.person:
                turn = f"{row.layer.public_id}#{row.turn}" if row.layer else ""
                made = source(turn, row.override.public_id if row.override else "")
                yield Stretch(role, Person(row.person.public_id, row.person.name), one.start, one.end, made)


def _rows(within: Window, schedule: Schedule, role: str) -> QuerySet:
    return recorded(within).filter(schedule=schedule, role=role).select_related("person", "layer", "override")


def _entries(schedule: Schedule, person: str, now: datetime) -> Iterator[Entry]:
    for one in stretches_of(schedule, now=now):
        if person in ("", one.person.id):
            what = f"On call: {schedule.name}" if person else f"{one.person.name} on call: {schedule.name}"
            yield Entry(
                uid(schedule.public_id, one),
                one.start,
                one.end,
                what if one.role == PRIMARY else f"{what} ({one.role})",
                f"{one.person.name}, {one.role} of {schedule.name}.",
                schedule.recorded_until,
            )


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
