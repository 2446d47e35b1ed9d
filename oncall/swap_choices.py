"""The shifts that somebody has to come, to choose one from: for giving one away, and for asking for one in return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from oncall.models import Schedule
from oncall.rota.calendar import Window
from oncall.rota.problems import ScheduleError
from oncall.rota.stretches import Stretch, stretches
from oncall.rota.words import moment
from oncall.schedules import planned_all

AHEAD = timedelta(days=90)
MOST = 60
# the form is sent later than it was drawn, so the rest of a shift that runs has no start to name
RUNS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Choice:
    """One shift: `pair` is what a form offers, its value and its words. One that runs already begins with RUNS."""

    schedule: str
    role: str
    start: datetime
    end: datetime
    words: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """Value and words."""
        start = "" if self.start == RUNS else self.start.isoformat()
        return f"{self.schedule}|{self.role}|{start}|{self.end.isoformat()}", self.words


def shifts_ahead(person: User, *, now: datetime, only: Schedule | None = None, role: str = "") -> list[Choice]:
    """Their shifts that go on or begin within 90 days, by time."""
    schedules = [only] if only else list(Schedule.objects.in_force().order_by("name", "pk"))
    found = [
        _choice(schedule, one, now)
        for schedule, plan in zip(schedules, planned_all(schedules, now), strict=True)
        for asked in ([role] if role else plan.roles())
        for one in stretches(plan, Window(now, now + AHEAD), asked)
        if one.person.id == person.public_id
    ]
    return sorted(found, key=lambda one: one.start)[:MOST]


def choice_of(value: str) -> Choice:
    """A choice as it was posted. Raises ScheduleError if it cannot be read."""
    try:
        schedule, role, start, end = value.split("|")
        return Choice(schedule, role, datetime.fromisoformat(start) if start else RUNS, datetime.fromisoformat(end))
    except ValueError:
        raise ScheduleError({"shift": "Choose one of the shifts."}) from None


def _choice(schedule: Schedule, one: Stretch, now: datetime) -> Choice:
    zone = ZoneInfo(schedule.zone)
    runs = one.start <= now
    start = "now" if runs else moment(one.start, zone)
    words = f"{schedule.name}, {one.role}: {start} to {moment(one.end, zone)}"
    return Choice(schedule.public_id, one.role, RUNS if runs else one.start, one.end, words)
