"""Who covers some days, over all schedules: the question of a holiday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oncall.models import Schedule
from oncall.rota.calendar import Window
from oncall.rota.resolve import shifts
from oncall.rota.schedule import PRIMARY, Shift
from oncall.schedules import planned_all


@dataclass(frozen=True)
class Covered:
    """One role of one schedule over the days: its shifts, cut to them, gaps among them."""

    schedule: Schedule
    role: str
    shifts: tuple[Shift, ...]

    @property
    def holes(self) -> int:
        """How many stretches nobody has."""
        return sum(one.is_gap for one in self.shifts)


def cover(within: Window, *, now: datetime) -> list[Covered]:
    """Every schedule in force over a window, as planned from now on; five queries for any number of schedules."""
    start = max(within.start, now)
    if start >= within.end:
        return []
    found = list(Schedule.objects.in_force().select_related("team").order_by("name", "pk"))
    return [
        Covered(schedule, role, tuple(shifts(plan, Window(start, within.end), role)))
        for schedule, plan in zip(found, planned_all(found, now), strict=True)
        for role in plan.roles() or [PRIMARY]
    ]
