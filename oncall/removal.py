"""What breaks if a person, contact, schedule, team or policy is removed: which steps would reach nobody, or fewer, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import ContactMethod, Team, User
from oncall.escalation.targets import AHEAD, NEXT, SCHEDULE, SECOND, split, team_members
from oncall.escalation.who import reachable_contacts
from oncall.models import CatchAll, Policy, Schedule
from oncall.queries import policies_in_force
from oncall.rota import schedule as rota
from oncall.rota.calendar import Window
from oncall.rota.resolve import next_on_call, shifts
from oncall.schedules import planned_all
from oncall.without import NOBODY, Effect, Gone, Stretch, effects

Thing = User | ContactMethod | Schedule | Team | Policy


@dataclass(frozen=True)
class Hurt:
    """One policy with the steps that would reach nobody or fewer. silent_at: when no step of it would reach anybody; None: never."""

    policy: Policy
    effects: list[Effect]
    silent_at: datetime | None = None

    @property
    def silent(self) -> bool:
        """Whether there would be an instant at which it reaches nobody."""
        return self.silent_at is not None


@dataclass(frozen=True)
class Removal:
    """Everything that would be hurt from now until `until`. catch_all: nobody would be left in it."""

    thing: Thing
    hurt: list[Hurt]
    catch_all: bool
    until: datetime

    @property
    def silent_policies(self) -> list[Policy]:
        """Policies that would reach nobody at some instant."""
        return [one.policy for one in self.hurt if one.silent]


def find_thing(public_id: str) -> Thing | None:
    """What a public id names, if its removal can be asked about and it is in force."""
    model: Any = {"usr": User, "cht": ContactMethod, "sch": Schedule, "tea": Team, "pol": Policy}.get(public_id[:3])
    found: Thing | None = model.objects.in_force().filter(public_id=public_id).first() if model else None
    return found


def removal_of(thing: Thing, *, now: datetime) -> Removal:
    """Work out what the removal of a thing would break between now and two weeks from now. Changes nothing."""
    until = now + AHEAD
    if isinstance(thing, Policy):
        return Removal(thing, [Hurt(thing, [], now)], catch_all=False, until=until)
    gone = _gone(thing)
    policies = list(policies_in_force())
    steps = {policy.pk: [step["people"] for step in policy.steps] for policy in policies}
    stands = _stands({target for some in steps.values() for step in some for target in step}, now, until)
    ways: dict[str, list[str]] = {}
    for contact in reachable_contacts():
        if contact.healthy:
            ways.setdefault(contact.person, []).append(contact.public_id)
    found = []
    for policy in policies:
        told = effects(steps[policy.pk], stands, ways, gone, start=now, end=until)
        whole = effects(
            [list({t for step in steps[policy.pk] for t in step})], stands, ways, gone, start=now, end=until
        )
        silent_at = next((one.first_at for one in whole if one.what == NOBODY), None)
        found.append(Hurt(policy, told, silent_at))
    return Removal(thing, [one for one in found if one.effects], _empties(CatchAll.current().people, ways, gone), until)


def _gone(thing: Thing) -> Gone:
    if isinstance(thing, User):
        return Gone(people=frozenset({thing.public_id}))
    if isinstance(thing, ContactMethod):
        return Gone(contacts=frozenset({thing.public_id}))
    return Gone(targets=frozenset({thing.public_id}))


def _empties(people: Iterable[str], ways: dict[str, list[str]], gone: Gone) -> bool:
    before = {(one, way) for one in people for way in ways.get(one, ())}
    after = {(one, way) for one, way in before if one not in gone.people and way not in gone.contacts}
    return bool(before) and not after


def _stands(targets: set[str], now: datetime, until: datetime) -> dict[str, list[Stretch]]:
    """What each target stands for until then: a schedule shift by shift, a team and a person as they are now."""
    members = team_members(targets)
    found: dict[str, list[Stretch]] = {}
    for target in targets:
        if target in members:
            found[target] = [Stretch(now, until, frozenset(one.person for one in members[target]))]
        elif not target.startswith(SCHEDULE):
            found[target] = [Stretch(now, until, frozenset({target}))]
    wanted = {target for target in targets if target.startswith(SCHEDULE)}
    rows = list(Schedule.objects.in_force().filter(public_id__in={split(target)[0] for target in wanted}))
    plans = {plan.id: plan for plan in planned_all(rows, now)}
    return found | {target: _shifts(plans.get(split(target)[0]), split(target)[1], now, until) for target in wanted}


def _shifts(plan: rota.Schedule | None, part: str, now: datetime, until: datetime) -> list[Stretch]:
    if plan is None:
        return []
    role = rota.SECONDARY if part == SECOND else rota.PRIMARY
    held = shifts(plan, Window(now, until), role)
    if part != NEXT:
        return [Stretch(s.start, s.end, frozenset(one.person.id for one in s.on_call)) for s in held]
    found = []
    for shift in held:
        follows = next_on_call(plan, max(shift.start, now))
        people = frozenset(one.person.id for one in follows.on_call) if follows else frozenset()
        found.append(Stretch(shift.start, shift.end, people))
    return found
