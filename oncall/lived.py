"""Who was on call, from the record: rows of the database turned into what `oncall.rota.lived` reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import F, Q, QuerySet

from accounts.models import User
from oncall.models import OnCallCorrection, OnCallInterval, Schedule
from oncall.rota.calendar import Window
from oncall.rota.fairness import Span
from oncall.rota.lived import Correction, Fact, Lived, lived
from oncall.rota.schedule import Person
from oncall.schedules import person_value


def lived_in(schedule: Schedule, within: Window, role: str, *, now: datetime) -> list[Lived]:
    """Who was on call in a window, corrections counted, in stretches that tile it. What is not on record says so.

    An interval that goes on holds up to now, or to the next change if that is due and not written yet.
    """
    known_until = min(now, schedule.next_change_at or now)
    facts = [
        Fact(
            row.public_id,
            row.started_at,
            row.ended_at or known_until,
            person_value(row.person) if row.person else None,
        )
        for row in recorded(within).filter(schedule=schedule, role=role).select_related("person")
    ]
    rows = OnCallCorrection.objects.filter(
        schedule=schedule, role=role, approved=True, start_at__lt=within.end, end_at__gt=within.start
    )
    corrections = list(rows)
    people = _people({person for row in corrections for person in row.people})
    return lived(facts, [_correction(row, people) for row in corrections], within)


def recorded(within: Window) -> QuerySet[OnCallInterval]:
    """Intervals that touch a window, in the order in which they began; those without length are left out."""
    goes_on = Q(ended_at__isnull=True) | Q(ended_at__gt=within.start)
    rows = OnCallInterval.objects.filter(goes_on, started_at__lt=within.end).exclude(ended_at=F("started_at"))
    return rows.order_by("started_at", "pk")


def on_duty_then(start: datetime, end: datetime, schedules: Collection[str] | None) -> QuerySet[OnCallInterval]:
    """The same between two instants, of some schedules by public id; None means every one."""
    rows = recorded(Window(start, end))
    return rows if schedules is None else rows.filter(schedule__public_id__in=schedules)


def spans_of(stretches: Iterable[Lived]) -> list[Span]:
    """Who carried what, for `oncall.rota.fairness`."""
    return [Span(one.start, one.end, person) for one in stretches for person in one.people or ()]


def _correction(row: OnCallCorrection, people: dict[str, Person]) -> Correction:
    decided: datetime = row.decided_at or row.requested_at
    return Correction(row.public_id, row.start_at, row.end_at, tuple(people[one] for one in row.people), decided)


def _people(public_ids: set[str]) -> dict[str, Person]:
    return {user.public_id: person_value(user) for user in User.objects.filter(public_id__in=public_ids)}
