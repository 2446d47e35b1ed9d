"""Hand-offs of which somebody is to be told now: an hour before, and when it is there. Nothing here changes a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from accounts.models import User
from oncall.models import Notice, Schedule
from oncall.rota import schedule as rota
from oncall.rota.calendar import Window
from oncall.rota.handoffs import Handoff, handoffs
from oncall.schedules import planned_all

BEFORE = timedelta(hours=1)
# After a longer standstill nobody is told any more that they came on call: they know, or the record says so.
LATEST = timedelta(hours=1)
SOON, BEGUN = "soon", "begun"


@dataclass(frozen=True)
class Due:
    """One person to be told of one hand-off. stage: `soon` up to an hour before, `begun` from its instant on."""

    schedule: Schedule
    handoff: Handoff
    stage: str
    person: User

    @property
    def key(self) -> str:
        """What makes it once: the schedule, the role, the person, the instant, and the stage."""
        at = self.handoff.at.astimezone(UTC).isoformat()
        return f"{self.schedule.public_id}:{self.handoff.role}:{self.person.public_id}:{at}:{self.stage}"


def waiting(now: datetime) -> list[Due]:
    """Everybody who is to be told now and was not yet, in the order of the hand-offs; six queries, two if nobody is."""
    near = Q(next_change_at__lte=now + BEFORE) | Q(intervals__started_at__gt=now - LATEST)
    found = Schedule.objects.in_force().filter(near, handoff_notices=True).distinct().order_by("pk")
    schedules = list(found)
    plans = planned_all(schedules, now - LATEST) if schedules else []
    asked = [one for schedule, plan in zip(schedules, plans, strict=True) for one in _of(schedule, plan, now)]
    people = {one.public_id: one for one in User.objects.filter(public_id__in={h.person.id for _, h, _ in asked})}
    due = [Due(schedule, handoff, stage, people[handoff.person.id]) for schedule, handoff, stage in asked]
    told = set(Notice.objects.filter(key__in=[one.key for one in due]).values_list("key", flat=True))
    return sorted((one for one in due if one.key not in told), key=lambda one: (one.handoff.at, one.key))


def _of(schedule: Schedule, plan: rota.Schedule, now: datetime) -> Iterator[tuple[Schedule, Handoff, str]]:
    # a schedule that was just made hands nothing over from the time before it
    start = max(now - LATEST, schedule.created_at or now - LATEST).astimezone(UTC)
    for role in plan.roles():
        for handoff in handoffs(plan, Window(start, now.astimezone(UTC) + BEFORE), role):
            yield schedule, handoff, SOON if handoff.at > now else BEGUN
