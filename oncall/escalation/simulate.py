"""What a run would do if nobody answered: the planner asked again and again, with the clock moved. Pure.

There is no second set of rules: a screen that says who is called on Sunday at three says what the engine would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.contact_rules import HIGH
from oncall.escalation.plan import Execution, RunView, Who, plan
from oncall.escalation.policy import FrozenPolicy
from oncall.escalation.reach import CATCH_ALL, LAST_RESORT


@dataclass(frozen=True)
class Moment:
    """One step of the simulation and the instant at which it is taken."""

    at: datetime
    execution: Execution


def simulate(
    policy: FrozenPolicy, who_at: Callable[[datetime], Who], begins: datetime, *, turn: int = 0, urgency: str = HIGH
) -> Iterator[Moment]:
    """Every step of a run that begins at an instant, in order, up to the first ring of the catch-all that can be called.

    who_at: who can be reached, and whom teams and schedules stand for, at an instant. turn, urgency: as `RunView` has them.
    """
    run, now = RunView(1, 1, turn=turn, urgency=urgency), begins
    while True:
        said = plan(policy, run, who_at(now), now)
        if said.execution is not None:
            yield Moment(now, said.execution)
        if said.due_at is None or said.execution is None or run.step > len(policy.steps):
            return
        reached = run.reached or any(page.rule != LAST_RESORT for page in said.pages)
        caught = run.catch_all_paged or any(page.rule == CATCH_ALL for page in said.pages)
        run, now = replace(run, loop=said.loop, step=said.step, reached=reached, catch_all_paged=caught), said.due_at
