"""Chapter: rotations. Each team takes weeks in turn; people swap days, and one policy follows its rotation since spring."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from config.demo.people import ZONE
from config.demo.world import Demo, doing
from ledger.actors import SYSTEM, acting_as
from oncall.models import Schedule
from oncall.services.duty import record_due
from oncall.services.overrides import make_override
from oncall.services.policies import change_policy
from oncall.services.schedules import add_layer, create_schedule

DAY, WEEK = timedelta(days=1), timedelta(days=7)
# the team, who plans it, and who takes weeks in turn
ROTATIONS = {
    "Shop": ("Ingrid", ("Ana", "Ben", "Ingrid")),
    "Carriers": ("Lena", ("Tomas", "Priya", "Lena")),
    "Platform": ("Jonas", ("Kofi", "Noor", "Jonas")),
}
WHY = ("A school play", "At the dentist", "A wedding in the family", "Moving house", "Long flight")


def turn(demo: Demo) -> None:
    """Rotations begin with the company's first week; a day is swapped now and then; each hand-off is put on record."""
    begins = demo.start + DAY
    for team in ROTATIONS:
        demo.at(begins, partial(_plan, demo, team))
        for number in range(1, int((demo.end - demo.start) / WEEK) // 6):
            demo.at(begins + number * 6 * WEEK, partial(_swap, demo, team, number))
    demo.at(demo.ago(0.7), partial(_follow, demo))
    monday = (begins + WEEK - timedelta(days=begins.weekday())).replace(hour=7, minute=0, second=1)
    for week in range(int((demo.end - monday) / WEEK) + 1):
        # clocks change the hour of a hand-off in UTC; whatever was due is recorded with its own time
        demo.at(monday + week * WEEK + timedelta(hours=2), _recorded)


def _plan(demo: Demo, team: str, now: datetime) -> None:
    planner, members = ROTATIONS[team]
    monday = (now - timedelta(days=now.weekday() + 7)).strftime("%Y-%m-%dT09:00")
    with doing(demo.people[planner]):
        made = create_schedule(name=team, team=demo.teams[team], zone=ZONE, now=now, reason="Weeks in turn")
        add_layer(
            made, name="Weekly", zone=ZONE, unit="weeks", lengths=[1], starts=monday,
            people=[demo.people[one].public_id for one in members], now=now, reason="Weeks in turn",
        )  # fmt: skip


def _swap(demo: Demo, team: str, number: int, now: datetime) -> None:
    _, members = ROTATIONS[team]
    who, whom = demo.people[members[number % 3]], demo.people[members[(number + 1) % 3]]
    start = (now + 2 * DAY).replace(hour=6, minute=0, second=0, microsecond=0)
    with doing(who):
        make_override(
            _of(team), kind="replace", who=who, whom=whom, start_at=start, end_at=start + DAY, by=whom,
            now=now, reason=WHY[number % len(WHY)],
        )  # fmt: skip


def _follow(demo: Demo, now: datetime) -> None:
    policy = demo.policies["Shop, any hour"]
    policy.refresh_from_db()
    steps = [{**policy.steps[0], "people": [_of("Shop").public_id]}, *policy.steps[1:]]
    with doing(demo.people["Ingrid"]):
        change_policy(
            policy, name=policy.name, team=policy.team, repeat=policy.repeat, steps=steps,
            now=now, reason="Whoever has the week is called first",
        )  # fmt: skip


def _recorded(now: datetime) -> bool:
    with acting_as(SYSTEM):
        record_due(now)
    return False


def _of(team: str) -> Schedule:
    return Schedule.objects.in_force().get(name=team)
