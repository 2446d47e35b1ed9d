"""Making page rows: keys, priorities and what a row copies so that it can be read years later."""

from __future__ import annotations

from datetime import datetime, timedelta

from oncall.escalation.who import Reachable
from oncall.models import Page, Run
from oncall.notify.states import LETTERS

# Lower goes first. A page that wakes somebody overtakes everything else that waits for the same provider.
_PRIORITY = {
    "step": 0,
    "bundle": 0,
    "responder": 1,
    "verification": 2,
    "taken": 2,
    "test": 3,
    "update": 5,
    "stand_down": 5,
    "handoff": 6,
    "swap": 6,
}
_LOW_URGENCY = 4


def page_key(run: str, origin: str, loop: int, step: int, rule: str, person: str, contact: str) -> str:
    """Return the unique key of a page. For a page without a run, `run` is whatever makes the occasion unique."""
    return f"{run}:{origin}:{loop}:{step}:{rule}:{person}:{contact}"


def new_page(
    to: Reachable,
    *,
    run: Run | None,
    origin: str,
    now: datetime,
    rule: str = "all",
    loop: int = 0,
    step: int = 0,
    delay_s: int = 0,
    note: str = "",
    reference: str = "",
) -> Page:
    """Return an unsaved page that is due now, or `delay_s` seconds from now."""
    urgency = run.urgency if run else "low" if origin in LETTERS else "high"
    priority = _LOW_URGENCY if origin == "step" and urgency == "low" else _PRIORITY[origin]
    return Page(
        key=page_key(run.public_id if run else reference, origin, loop, step, rule, to.person, to.public_id),
        run=run,
        origin=origin,
        loop=loop,
        step=step,
        rule=rule,
        person_id=to.person_id,
        contact_id=to.contact_id,
        kind=to.kind,
        person_name=to.person_name,
        to_mask=to.mask,
        urgency=urgency,
        priority=priority,
        note=note[:400],
        reference=reference,
        planned_at=now,
        due_at=now + timedelta(seconds=delay_s),
    )
