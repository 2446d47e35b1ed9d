"""A policy as a screen shows it: who would be paged how long after a fault, asked of the engine's own planner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.contact_rules import HIGH, URGENCIES
from accounts.models import User
from oncall.escalation.plan import Who
from oncall.escalation.policy import FrozenPolicy
from oncall.escalation.simulate import Moment, simulate
from oncall.escalation.targets import changes_with_time, stand_for, target_names
from oncall.escalation.who import Directory, Reachable, directory
from oncall.ladder_grid import Call, ChannelCell, by_channel
from oncall.models import Policy, Run
from oncall.queries import people_by_id
from oncall.reachwords import ABSENT
from oncall.readiness import EXPECTED


@dataclass(frozen=True)
class Called:
    """One person of a step: through what they are named (`team Platform`; empty for the policy itself), the contacts a
    page would use with the seconds after the step, how these were found, and why nothing would be sent.
    """

    person: User
    through: str
    lines: tuple[tuple[Reachable, int], ...]
    how: str
    absent: str

    @property
    def absent_words(self) -> str:
        """Why nothing would be sent, for a person to read."""
        return ABSENT.get(self.absent, (self.absent,))[0] if self.absent else ""


@dataclass(frozen=True)
class Rung:
    """One step as it would be taken. after_s: seconds since the run began. outcome, reason: as `plan.Execution` has them."""

    loop: int
    step: int
    at: datetime
    after_s: int
    outcome: str
    reason: str
    people: tuple[Called, ...]

    @property
    def caught(self) -> bool:
        """Whether it is the catch-all, at the end of the chain."""
        return self.reason in ("catch_all", "catch_all_empty", "nobody_reachable")


def ladder_of(policy: Policy, *, begins: datetime, urgency: str = HIGH) -> list[Rung]:
    """Every step of a run of a policy as it is now, for a fault confirmed at an instant and never acknowledged.

    Contacts are those of today; schedules are asked for each instant. The turn is that of the next run.
    """
    frozen = policy.frozen()
    turn = Run.objects.filter(policy=policy).count() if any(step.round_robin for step in frozen.steps) else 0
    known = directory({target for step in frozen.steps for target in step.targets}, now=begins)
    moments = list(simulate(frozen, _who_at(frozen, known), begins, turn=turn, urgency=urgency))
    people = people_by_id({to.person for moment in moments for to in moment.execution.recipients})
    names = target_names(
        {to.why.split(":")[1] for moment in moments for to in moment.execution.recipients if ":" in to.why}
    )
    return [_rung(moment, begins, known, people, names) for moment in moments]


def channels_of(policy: Policy, *, begins: datetime) -> list[tuple[str, list[ChannelCell]]]:
    """Over which channels a policy reaches people and in which minute, one row a channel, one cell an urgency."""
    calls = {
        urgency: [
            Call(contact.kind, held.person.public_id, rung.after_s + delay_s)
            for rung in ladder_of(policy, begins=begins, urgency=urgency)
            if not rung.caught
            for held in rung.people
            for contact, delay_s in held.lines
        ]
        for urgency in URGENCIES
    }
    return by_channel(calls, EXPECTED)


def through_words(why: str, names: Mapping[str, str]) -> str:
    """What a reason of the planner is called: `team Platform`, `schedule Primary`; "" for who is named themselves."""
    kind, _, rest = why.partition(":")
    return f"{kind} {names.get(rest.split(':')[0], '')}".strip() if kind in ("team", "schedule") else ""


def _who_at(policy: FrozenPolicy, known: Directory) -> Callable[[datetime], Who]:
    moving = {target for step in policy.steps for target in step.targets if changes_with_time(target)}
    if not moving:
        return lambda _at: known.who
    return lambda at: replace(known.who, named={**known.who.named, **stand_for(moving, now=at)})


def _rung(
    moment: Moment, begins: datetime, known: Directory, people: Mapping[str, User], names: Mapping[str, str]
) -> Rung:
    done = moment.execution
    called = tuple(
        Called(
            people[to.person],
            through_words(to.why, names),
            tuple((known.contacts[line.contact], line.delay_s) for line in to.reach.lines),
            to.reach.how,
            to.absent,
        )
        for to in done.recipients
        if to.person in people
    )
    after = int((moment.at - begins).total_seconds())
    return Rung(done.loop, done.step, moment.at, after, done.outcome, done.reason, called)
