"""What an escalation does next. Pure: standard library only; rules in words in docs/paging.md.

`plan` looks at (frozen policy, where the run stands, who can be reached, now) and answers with one step execution, the
pages it makes, and where the run stands afterwards. The applier inserts what it says and decides nothing.

Steps are counted from 1. The numbers after the last step belong to the catch-all, one number for each ring it tries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from oncall.escalation.policy import FrozenPolicy
from oncall.escalation.states import EXHAUSTED, NOBODY_NOTIFIED, RUNNING

# When nobody at all can be reached the run asks again this often: a contact verified meanwhile, a provider that came
# back. Silence would be the one answer nobody could notice.
ASK_AGAIN = timedelta(seconds=60)

# Rules by which a contact was chosen.
ALL, LAST_RESORT, CATCH_ALL = "all", "last_resort", "catch_all"


@dataclass(frozen=True)
class Contact:
    """One verified contact method of an active person. `healthy` is false after a permanent failure."""

    id: str
    kind: str
    healthy: bool = True


@dataclass(frozen=True)
class Ring:
    """One circle of the catch-all: `source` is `configured`, `admins` or `everyone`."""

    source: str
    people: tuple[str, ...]


@dataclass(frozen=True)
class Who:
    """Who can be reached now. `absent` says why a person named by a policy has no contacts here."""

    contacts: Mapping[str, tuple[Contact, ...]]
    rings: tuple[Ring, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunView:
    """Where a run stands: the step to take next, and what its pages came to so far.

    `reached`: a provider took at least one page of this run. `catch_all_paged`: an empty step already called it.
    """

    loop: int
    step: int
    reached: bool = False
    catch_all_paged: bool = False


@dataclass(frozen=True)
class Recipient:
    """One person of a step and why; `absent` names the reason when nothing could be sent to them."""

    person: str
    why: str
    contacts: tuple[str, ...] = ()
    absent: str = ""


@dataclass(frozen=True)
class PagePlan:
    """One page to make: this person, over this contact, by this rule."""

    person: str
    contact: str
    kind: str
    rule: str


@dataclass(frozen=True)
class Execution:
    """One step taken. `outcome`: paged, partial, nobody. `reason` names the rule that led here."""

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
    recipients, pages = _page_people(step.people, who, why="policy")
    if any(page.rule == ALL for page in pages):
        missing = any(recipient.absent for recipient in recipients)
        execution = Execution(run.loop, run.step, "partial" if missing else "paged", "step", recipients)
        loop, following = _after(policy, run)
        return Plan(execution, pages, RUNNING, loop, following, now + timedelta(seconds=step.delay_s), "step_taken")
    return _skip_step(policy, run, who, now, recipients, pages)


def _skip_step(
    policy: FrozenPolicy,
    run: RunView,
    who: Who,
    now: datetime,
    recipients: tuple[Recipient, ...],
    pages: tuple[PagePlan, ...],
) -> Plan:
    """Nobody at this step has a working contact: go on now, since waiting would be waiting for nobody.

    The catch-all is called here, once a run, but for those whom the next step calls anyway this very second. If nobody
    in the rest of the chain can be reached, the run goes straight to its end, which calls the catch-all.
    """
    soon = _called_next(policy, run, who)
    if not soon:
        execution = Execution(run.loop, run.step, "nobody", "nobody_left", recipients)
        return Plan(execution, pages, RUNNING, policy.loops, len(policy.steps) + 1, now, "nobody_left")
    if not run.catch_all_paged:
        named = {recipient.person for recipient in recipients}
        rings = [Ring(ring.source, tuple(p for p in ring.people if p not in soon | named)) for ring in who.rings]
        ring = next((ring for ring in rings if any(who.contacts.get(person) for person in ring.people)), None)
        more, calls = _page_ring(ring, who) if ring else ((), ())
        recipients += more
        pages += calls
    execution = Execution(run.loop, run.step, "nobody", "empty_step", recipients)
    loop, following = _after(policy, run)
    return Plan(execution, pages, RUNNING, loop, following, now, "empty_step")


def _call_catch_all(policy: FrozenPolicy, run: RunView, who: Who, now: datetime) -> Plan:
    """The chain is at its end: page the next ring of the catch-all.

    When every ring failed and nobody was ever reached, the round is over; after a pause the next one begins with the
    first ring again (`loop` counts the rounds), because an outage of every provider at once must not end in silence.
    """
    rings = [ring for ring in who.rings if any(who.contacts.get(person) for person in ring.people)]
    tried = run.step - len(policy.steps) - 1
    state = EXHAUSTED if run.reached else NOBODY_NOTIFIED
    if tried < len(rings):
        recipients, pages = _page_ring(rings[tried], who)
        execution = Execution(run.loop, run.step, "paged", "catch_all", recipients)
        return Plan(execution, pages, state, run.loop, run.step + 1, None, "catch_all")
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


def _page_ring(ring: Ring, who: Who) -> tuple[tuple[Recipient, ...], tuple[PagePlan, ...]]:
    recipients, pages = _page_people(ring.people, who, why=f"catch_all:{ring.source}")
    return recipients, tuple(PagePlan(page.person, page.contact, page.kind, CATCH_ALL) for page in pages)


def _page_people(people: Iterable[str], who: Who, *, why: str) -> tuple[tuple[Recipient, ...], tuple[PagePlan, ...]]:
    """Page everybody named over all their working contacts at once; over broken ones if they have no other."""
    recipients: list[Recipient] = []
    pages: list[PagePlan] = []
    for person in dict.fromkeys(people):
        contacts = who.contacts.get(person, ())
        working = [contact for contact in contacts if contact.healthy]
        rule = ALL if working else LAST_RESORT
        chosen = list({contact.id: contact for contact in working or contacts}.values())
        pages += [PagePlan(person, contact.id, contact.kind, rule) for contact in chosen]
        absent = "" if working else "no_working_contact" if contacts else who.absent.get(person, "no_verified_contact")
        recipients.append(Recipient(person, why, tuple(contact.id for contact in chosen), absent))
    return tuple(recipients), tuple(pages)


def _called_next(policy: FrozenPolicy, run: RunView, who: Who) -> frozenset[str]:
    """Return the people of the next step at which somebody can be reached; empty when the chain has none left."""
    ahead = [*policy.steps[run.step :], *(policy.steps if run.loop < policy.loops else ())]
    for step in ahead:
        if any(_reachable(person, who) for person in step.people):
            return frozenset(step.people)
    return frozenset()


def _reachable(person: str, who: Who) -> bool:
    return any(contact.healthy for contact in who.contacts.get(person, ()))
