"""A schedule over some weeks, read for its page: who was and will be on call, what its layers say, which overrides touch it.

The past is told from the record, never from today's plan; layers are drawn from now on, since they may have changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ledger.texts import read_many
from oncall.bands import Stretch, joined, layer_stretches, lived_stretches, planned_stretches
from oncall.lived import lived_in, recorded
from oncall.models import OnCallInterval, Override, Schedule
from oncall.rota import schedule as rota
from oncall.rota.calendar import Window
from oncall.rota.clock_changes import ClockChange, clock_changes
from oncall.rota.resolve import next_on_call, shifts, standing
from oncall.rota.schedule import PRIMARY, Shift
from oncall.schedules import planned

# a shift that began before the window is told with its own beginning
BEFORE = timedelta(days=35)
HOLES_AHEAD = timedelta(days=28)


@dataclass(frozen=True)
class Standing:
    """Who has a role now, until when, and who follows."""

    role: str
    now: Shift
    next: Shift | None


@dataclass(frozen=True)
class Timetable:
    """What the page of a schedule shows of a window. roles: stretches of each; layers: with what each says from now on."""

    schedule: Schedule
    plan: rota.Schedule
    within: Window
    roles: dict[str, list[Stretch]]
    layers: list[tuple[rota.Layer, list[Stretch]]]
    overrides: list[Override]
    clocks: list[ClockChange]

    @property
    def in_order(self) -> list[Stretch]:
        """Every stretch, whatever its role, by when it begins."""
        return sorted((one for found in self.roles.values() for one in found), key=lambda one: (one.start, one.role))


def timetable(schedule: Schedule, within: Window, *, now: datetime) -> Timetable:
    """Read a schedule over a window; the number of queries does not grow with what is in it."""
    plan = planned(schedule, now)
    roles = plan.roles() or [PRIMARY]
    if within.start < now:
        roles += sorted(_recorded_roles(schedule, within) - set(roles))
    ahead = within if now < within.start else Window(now, max(within.end, now))
    return Timetable(
        schedule,
        plan,
        within,
        {role: _role(schedule, plan, within, role, now) for role in roles},
        [(layer, layer_stretches(layer, ahead)) for role in roles for layer in plan.layers_of(role)]
        if ahead.start < ahead.end
        else [],
        overrides_touching(schedule, within),
        clock_changes(within, ZoneInfo(schedule.zone)),
    )


def standings(plan: rota.Schedule, *, now: datetime) -> list[Standing]:
    """Who has each role of a schedule now; one of nobody if it has no layers."""
    return [
        Standing(role, standing(plan, now, role), next_on_call(plan, now, role)) for role in plan.roles() or [PRIMARY]
    ]


def holes(plan: rota.Schedule, *, now: datetime) -> list[Shift]:
    """When nobody is on call in the next four weeks, for each role."""
    within = Window(now, now + HOLES_AHEAD)
    found = [one for role in plan.roles() or [PRIMARY] for one in shifts(plan, within, role) if one.is_gap]
    return sorted(found, key=lambda one: one.start)


def overrides_touching(schedule: Schedule, within: Window) -> list[Override]:
    """Overrides in a window that were not taken back, in the order in which they were made."""
    rows = Override.objects.in_force().filter(schedule=schedule, start_at__lt=within.end, end_at__gt=within.start)
    return list(rows.select_related("who", "whom", "made_by").order_by("number"))


def _role(schedule: Schedule, plan: rota.Schedule, within: Window, role: str, now: datetime) -> list[Stretch]:
    was: list[Stretch] = []
    if within.start < now:
        looked = Window(within.start - BEFORE, min(within.end, now))
        lived = [
            one._replace(start=within.start) if one.people is None and one.start < within.start else one
            for one in lived_in(schedule, looked, role, now=now)
            if one.end > within.start
        ]
        why = _reasons({fact for one in lived for fact in one.facts})
        was = lived_stretches(role, lived, why)
    if within.end <= now:
        return was
    looked = Window(max(now, within.start - BEFORE), within.end)
    found = [one for one in shifts(plan, looked, role) if one.end > within.start]
    last = found[-1]
    found[-1] = last._replace(end=max(last.end, standing(plan, last.start, role).end))
    return joined(was, planned_stretches(plan, found))


def _recorded_roles(schedule: Schedule, within: Window) -> set[str]:
    return set(recorded(within).filter(schedule=schedule).order_by().values_list("role", flat=True).distinct())


def _reasons(facts: set[str]) -> dict[str, str]:
    """The reason that was given when each interval began, by its public id."""
    rows = OnCallInterval.objects.filter(public_id__in=facts).values_list("public_id", "why_sha256")
    found: Sequence[tuple[str, str]] = list(rows)
    texts = read_many({sha for _, sha in found})
    return {fact: texts.get(sha, "") for fact, sha in found}
