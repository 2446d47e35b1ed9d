"""What is said of an edit before it is confirmed: its effects, who of the newcomers cannot be reached or is on call elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from oncall.escalation.who import reachable_contacts
from oncall.models import Schedule
from oncall.rota import schedule as rota
from oncall.rota.calendar import Window
from oncall.rota.clock_changes import ClockChange, clock_changes
from oncall.rota.effects import Effects, effects
from oncall.rota.resolve import shifts
from oncall.rota.schedule import Person
from oncall.schedules import planned_all

# an edit is compared so far beyond the instant at which it takes effect
AHEAD = timedelta(weeks=12)
MOST = 5


@dataclass(frozen=True)
class Elsewhere:
    """Somebody would come on call in `[start, end)` while they have another schedule's shift."""

    person: Person
    schedule: str
    role: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Review:
    """An edit as its page shows it. unreachable: newcomers without a contact that is confirmed and works."""

    effects: Effects
    unreachable: tuple[Person, ...]
    elsewhere: tuple[Elsewhere, ...]
    clocks: tuple[ClockChange, ...]


def review(
    schedule: Schedule, before: rota.Schedule, after: rota.Schedule, *, now: datetime, until: datetime | None = None
) -> Review:
    """Compare two versions of a schedule from now to `until`, or for twelve weeks."""
    within = Window(now, until or now + AHEAD)
    found = effects(before, after, within)
    return Review(
        found,
        _unreachable(found.newcomers),
        tuple(_elsewhere(schedule, found, now)),
        tuple(clock_changes(within, ZoneInfo(schedule.zone))),
    )


def _unreachable(people: tuple[Person, ...]) -> tuple[Person, ...]:
    if not people:
        return ()
    users = User.objects.filter(public_id__in=[person.id for person in people])
    reached = {one.person for one in reachable_contacts(users) if one.healthy}
    return tuple(person for person in people if person.id not in reached)


def _elsewhere(schedule: Schedule, found: Effects, now: datetime) -> list[Elsewhere]:
    """The first few stretches in which a newcomer is on call in another schedule too."""
    if not found.newcomers:
        return []
    others = list(Schedule.objects.in_force().exclude(pk=schedule.pk).order_by("name", "pk"))
    comes = [(one, set(one.after) - set(one.before)) for one in found.changes]
    within = Window(comes[0][0].start, max(one.end for one, _ in comes))
    held = [
        Elsewhere(person, plan.name, role, max(one.start, shift.start), min(one.end, shift.end))
        for plan in planned_all(others, now)
        for role in plan.roles()
        for shift in shifts(plan, within, role)
        for one, people in comes
        for person in shift.people
        if person in people and shift.start < one.end and shift.end > one.start
    ]
    return sorted(held, key=lambda one: (one.start, one.schedule))[:MOST]
