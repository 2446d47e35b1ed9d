"""What an escalation does next. Pure: standard library only; rules in words in docs/paging.md.

`plan` looks at (frozen policy, where the run stands, who can be reached, now) and answers with one step execution, the
pages it makes, and where the run stands afterwards. The applier inserts what it says and decides nothing.

Steps are counted from 1. The numbers after the last step belong to the catch-all, one number for each ring it tries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from accounts.contact_rules import HIGH, PersonalRules
from oncall.escalation.policy import FrozenPolicy, Step
from oncall.escalation.reach import CATCH_ALL, NO_VERIFIED_CONTACT, OPTED_OUT, Contact, Line, Reach, at_once, reach
from oncall.escalation.states import EXHAUSTED, NOBODY_NOTIFIED, RUNNING

# When nobody at all can be reached the run asks again this often: a contact verified meanwhile, a provider that came
# back. Silence would be the one answer nobody could notice.
ASK_AGAIN = timedelta(seconds=60)


@dataclass(frozen=True)
class Ring:
    """One circle of the catch-all: `source` is `configured`, `admins` or `everyone`."""

    source: str
    people: tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """One person whom a target of a step stands for, and why: `policy`, `team:tea_…`, `schedule:sch_…` with its source."""

    person: str
    why: str = "policy"


@dataclass(frozen=True)
class Who:
    """Who can be reached now, and how they asked to be.

    `absent` says why a person named by a policy has no contacts here. `rules` are by (person, urgency). `named`: whom
    teams and schedules stand for at this instant; a target that is not in it is a person. A schedule that has nobody
    stands for nobody.
    """

    contacts: Mapping[str, tuple[Contact, ...]]
    rings: tuple[Ring, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], PersonalRules] = field(default_factory=dict)
    named: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)

    def stands_for(self, targets: Iterable[str]) -> tuple[Named, ...]:
        """The people of some targets, each once, with the first reason found."""
        found: dict[str, Named] = {}
        for target in targets:
            for one in self.named.get(target, (Named(target),)):
                found.setdefault(one.person, one)
        return tuple(found.values())


@dataclass(frozen=True)
class RunView:
    """Where a run stands: the step to take next, and what its pages came to so far.

    `reached`: a provider took at least one page of this run. `catch_all_paged`: an empty step already called it.
    `turn`: how many runs of the policy there were before; a step with round robin begins with that one of its people.
    """

    loop: int
    step: int
    reached: bool = False
    catch_all_paged: bool = False
    urgency: str = HIGH
    turn: int = 0


@dataclass(frozen=True)
class Recipient:
    """One person of a step, why they were named, and how they are reached."""

    person: str
    why: str
    reach: Reach

    @property
    def absent(self) -> str:
        """Why nothing that works could be sent to them, or ""."""
        return self.reach.absent


@dataclass(frozen=True)
class PagePlan:
    """One page to make: this person, over this contact, by this rule, so many seconds after the step."""

    person: str
    contact: str
    kind: str
    rule: str
    delay_s: int = 0


@dataclass(frozen=True)
class Execution:
    """One step taken. `outcome`: paged, partial, nobody, skipped. `reason` names the rule that led here."""

    loop: int
    step: int
    outcome: str
    reason: str
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True)
class Plan:
    """The planner's answer. `execution` is None only while a finished chain waits for somebody to be reachable."""

    execution: Execution | None
    pages: tuple[PagePlan, ...]
    state: str
    loop: int
    step: int
    due_at: datetime | None
    reason: str


def plan(policy: FrozenPolicy, run: RunView, who: Who, now: datetime) -> Plan:
    """Return what the run does at `now`: a step of its chain, or the catch-all when the chain is at its end."""
    if run.step <= len(policy.steps):
        return _take_step(policy, run, who, now)
    return _call_catch_all(policy, run, who, now)


def _take_step(policy: FrozenPolicy, run: RunView, who: Who, now: datetime) -> Plan:
    step = policy.steps[run.step - 1]
    if not _in_hours(step, now):
        return _pass_over(policy, run, now)
    recipients = _called(step, run, who)
    if any(not recipient.absent for recipient in recipients):
        missing = any(recipient.absent for recipient in recipients)
        execution = Execution(run.loop, run.step, "partial" if missing else "paged", "step", recipients)
        loop, following = _after(policy, run)
        due_at = now + timedelta(seconds=step.delay_s)
        return Plan(execution, _pages(recipients), RUNNING, loop, following, due_at, "step_taken")
    return _skip_step(policy, run, who, now, recipients)


def _pass_over(policy: FrozenPolicy, run: RunView, now: datetime) -> Plan:
    """Outside its hours a step is not there: the next one follows at once, and the record says why.

    If no step ahead has its hours now, the run goes straight to its end: the catch-all must not wait for the chain to
    be walked through in vain.
    """
    loop, following = _after(policy, run)
    if not any(_in_hours(step, now) for step in _ahead(policy, run)):
        loop, following = policy.loops, len(policy.steps) + 1
    execution = Execution(run.loop, run.step, "skipped", "outside_hours", ())
    return Plan(execution, (), RUNNING, loop, following, now, "outside_hours")


def _skip_step(policy: FrozenPolicy, run: RunView, who: Who, now: datetime, recipients: tuple[Recipient, ...]) -> Plan:
    """Nobody at this step has a working contact: go on now, since waiting would be waiting for nobody.

    The catch-all is called here, once a run, but for those whom the next step calls anyway this very second; and not for
    people who said that they are not called for this urgency, since nothing is amiss then. If nobody in the rest of the
    chain can be reached, the run goes straight to its end, which calls the catch-all.
    """
    pages = _pages(recipients)
    soon = _called_next(policy, run, who, now)
    if not soon:
        execution = Execution(run.loop, run.step, "nobody", "nobody_left", recipients)
        return Plan(execution, pages, RUNNING, policy.loops, len(policy.steps) + 1, now, "nobody_left")
    amiss = any(recipient.absent != OPTED_OUT for recipient in recipients)
    if amiss and not run.catch_all_paged:
        named = {recipient.person for recipient in recipients}
        rings = [Ring(ring.source, tuple(p for p in ring.people if p not in soon | named)) for ring in who.rings]
        ring = next((ring for ring in rings if any(who.contacts.get(person) for person in ring.people)), None)
        more = _ring(ring, who) if ring else ()
        recipients += more
        pages += _pages(more)
    reason = "empty_step" if amiss else "all_opted_out"
    execution = Execution(run.loop, run.step, "nobody", reason, recipients)
    loop, following = _after(policy, run)
    return Plan(execution, pages, RUNNING, loop, following, now, reason)


def _call_catch_all(policy: FrozenPolicy, run: RunView, who: Who, now: datetime) -> Plan:
    """The chain is at its end: page the next ring of the catch-all.

    When every ring failed and nobody was ever reached, the round is over; after a pause the next one begins with the
    first ring again (`loop` counts the rounds), because an outage of every provider at once must not end in silence.
    """
    rings = [ring for ring in who.rings if any(who.contacts.get(person) for person in ring.people)]
    tried = run.step - len(policy.steps) - 1
    state = EXHAUSTED if run.reached else NOBODY_NOTIFIED
    if tried < len(rings):
        recipients = _ring(rings[tried], who)
        execution = Execution(run.loop, run.step, "paged", "catch_all", recipients)
        return Plan(execution, _pages(recipients), state, run.loop, run.step + 1, None, "catch_all")
    if run.reached:
        execution = Execution(run.loop, run.step, "nobody", "catch_all_empty", ())
        return Plan(execution, (), state, run.loop, run.step + 1, None, "catch_all_empty")
    if not tried and run.loop > policy.loops:
        return Plan(None, (), state, run.loop, run.step, now + ASK_AGAIN, "still_nobody")
    execution = Execution(run.loop, run.step, "nobody", "nobody_reachable", ())
    return Plan(execution, (), state, run.loop + 1, len(policy.steps) + 1, now + ASK_AGAIN, "nobody_reachable")


def _after(policy: FrozenPolicy, run: RunView) -> tuple[int, int]:
    """Return (loop, step) after the current one; after the last step of the last loop comes the catch-all."""
    if run.step < len(policy.steps):
        return run.loop, run.step + 1
    if run.loop < policy.loops:
        return run.loop + 1, 1
    return run.loop, run.step + 1


def _called(step: Step, run: RunView, who: Who) -> tuple[Recipient, ...]:
    """Everybody a step stands for, each once, reached by their own rules; with round robin the one whose turn it is, or
    the first after them who can be reached. Who was passed over is named too, so that the record says why it was not them.
    """
    people = tuple(Recipient(one.person, one.why, _reach(one.person, run, who)) for one in who.stands_for(step.targets))
    if not step.round_robin or not people:
        return people
    first = (run.turn + run.loop - 1) % len(people)
    in_turn = people[first:] + people[:first]
    passed = next((n for n, one in enumerate(in_turn) if not one.absent), len(in_turn) - 1)
    return in_turn[: passed + 1]


def _reach(person: str, run: RunView, who: Who) -> Reach:
    found = reach(who.contacts.get(person, ()), who.rules.get((person, run.urgency)))
    if found.absent == NO_VERIFIED_CONTACT:
        return replace(found, absent=who.absent.get(person, found.absent))
    return found


def _ring(ring: Ring, who: Who) -> tuple[Recipient, ...]:
    """Everybody of a ring over everything they have at once: it is the last thing that can fail."""
    found: list[Recipient] = []
    for person in ring.people:
        said = at_once(who.contacts.get(person, ()))
        lines = tuple(Line(line.contact, line.kind, CATCH_ALL) for line in said.lines)
        found.append(Recipient(person, f"catch_all:{ring.source}", replace(said, lines=lines, how=CATCH_ALL)))
    return tuple(found)


def _pages(recipients: Iterable[Recipient]) -> tuple[PagePlan, ...]:
    return tuple(
        PagePlan(recipient.person, line.contact, line.kind, line.rule, line.delay_s)
        for recipient in recipients
        for line in recipient.reach.lines
    )


def _called_next(policy: FrozenPolicy, run: RunView, who: Who, now: datetime) -> frozenset[str]:
    """Return the people of the next step at which somebody can be reached; empty when the chain has none left."""
    for step in _ahead(policy, run):
        people = frozenset(one.person for one in who.stands_for(step.targets))
        if _in_hours(step, now) and any(not _reach(person, run, who).absent for person in people):
            return people
    return frozenset()


def _ahead(policy: FrozenPolicy, run: RunView) -> list[Step]:
    """The steps after this one, in this walk and, if there is another, in the whole of the next."""
    return [*policy.steps[run.step :], *(policy.steps if run.loop < policy.loops else ())]


def _in_hours(step: Step, now: datetime) -> bool:
    return step.hours is None or step.hours.hold(now)
