"""Pages as a page shows them: by person, four facts with four times, and how each ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from oncall.escalation.reach import CATCH_ALL
from oncall.models import Page
from oncall.notify import states
from oncall.notify.names import name_of, title_of

CONFIRMED = {
    "link": "Tapped Acknowledge on the link",
    "sms": "Replied by SMS",
    "voice": "Pressed a key in the call",
    "slack": "Pressed a button in Slack",
    "acted": "Acted on the incident, signed in",
}
REASONS = {
    "acknowledged": "acknowledged first",
    "resolved": "resolved first",
    "over": "it was over",
    "superseded": "escalated further",
    "bounced": "the letter came back",
    "throttled": "as many as allowed went there lately",
}
ENDS = {
    states.PLANNED: "Waits to be sent",
    states.CLAIMED: "About to be sent",
    states.SENDING: "Being sent",
    states.ACCEPTED: "No receipt yet",
    states.SENT: "Handed to the carrier, no receipt yet",
    states.DELIVERED: "Delivered, no answer",
    states.ANSWERED: "Opened, not confirmed",
    states.UNKNOWN: "Not known whether it went out; the provider is asked",
}
CALL_ENDS = {
    states.NO_KEY: "Picked up, but no key was pressed: that may be a machine",
    states.NO_ANSWER: "Rang, and nobody picked up",
    states.BUSY: "The line was busy",
    states.CANCELED: "Cancelled at the provider",
    "no_receipt": "No word from the provider on how it ended",
}
CALL_STANDS = {
    states.ACCEPTED: "Waits at the provider to be dialled",
    states.SENT: "Being dialled",
    states.DELIVERED: "It rings",
    states.ANSWERED: "Picked up, no key yet",
}
ORIGINS = {"stand_down": "told it is over", "responder": "asked to join", "taken": "told who has it"}


@dataclass(frozen=True)
class PageRow:
    """One row of the table of pages. A fact that has not happened is None; `receipts` says whether it ever can."""

    person: str
    step: str
    first: bool
    channel: str
    to: str
    accepted_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None
    confirmed_at: datetime | None
    receipts: bool
    ended: str
    failed: bool
    waits_until: datetime | None = None
    held: bool = False
    together: bool = False


def rows_of(pages: Iterable[Page]) -> list[PageRow]:
    """Rows by person in the order in which they were first paged."""
    by_person: dict[int, list[Page]] = {}
    for page in pages:
        by_person.setdefault(page.person_id, []).append(page)
    return [
        _row(page, first=i == 0, step=_step(theirs, i))
        for theirs in by_person.values()
        for i, page in enumerate(theirs)
    ]


def _step(theirs: list[Page], index: int) -> str:
    words = step_words(theirs[index])
    return words if index == 0 or words != step_words(theirs[index - 1]) else ""


def step_words(page: Page) -> str:
    """`step 2`, `step 1, again`, `asked to join`: why this person was paged."""
    if page.origin in ORIGINS:
        return ORIGINS[page.origin]
    if page.rule == CATCH_ALL:
        return "catch-all"
    return f"step {page.step}" + (f", round {page.loop}" if page.loop > 1 else "")


def _row(page: Page, *, first: bool, step: str) -> PageRow:
    return PageRow(
        person=page.person_name,
        step=step,
        first=first,
        channel=title_of(page.kind),
        to=page.to_mask,
        accepted_at=page.accepted_at,
        delivered_at=page.delivered_at,
        answered_at=page.answered_at,
        confirmed_at=page.confirmed_at,
        receipts=page.kind not in states.WITHOUT_RECEIPTS,
        ended=how_it_ended(page),
        failed=page.state == states.FAILED_PERMANENT,
        waits_until=page.due_at if page.state == states.PLANNED and page.due_at > page.planned_at else None,
        held=page.state == states.PLANNED and page.reason == states.THROTTLED,
        together=page.carried_by_id is not None,
    )


def how_it_ended(page: Page) -> str:
    """One sentence on where the page stands."""
    reason = REASONS.get(page.reason, page.reason.replace("_", " "))
    if page.state == states.CONFIRMED:
        return CONFIRMED.get(page.confirmed_how, "Confirmed")
    if page.state == states.ACCEPTED and page.kind in states.WITHOUT_RECEIPTS:
        return f"{title_of(page.kind)} gives no receipt"
    if page.state in (states.CANCELLED, states.SUPPRESSED):
        return f"{'Cancelled' if page.state == states.CANCELLED else 'Held back'}{': ' + reason if reason else ''}"
    if page.state == states.FAILED_PERMANENT:
        code = f" ({page.error_code})" if page.error_code else ""
        return f"Failed{': ' + reason if reason else ''}{code}"
    if page.kind in states.CALLS and page.accepted_at:
        return _how_the_call_ended(page, reason)
    return ENDS.get(page.state, page.state.replace("_", " "))


def _how_the_call_ended(page: Page, reason: str) -> str:
    """A call goes on after it was accepted, and its end has a reason unless it had nothing to ask."""
    if page.reason in CALL_ENDS:
        return CALL_ENDS[page.reason] + ("" if page.ended_at else ". It is called once more")
    if page.ended_at is None:
        return CALL_STANDS.get(page.state, ENDS.get(page.state, page.state))
    return f"Taken back: {reason}" if page.reason else "Said to whoever picked up"


@dataclass(frozen=True)
class Truth:
    """The strongest fact known of a page: how strong, its mark, and words for a small screen."""

    rank: int
    mark: str
    words: str


def truth_of(page: Page) -> Truth:
    """Where a page stands, in three words."""
    if page.confirmed_at:
        return Truth(4, "confirmed", "confirmed")
    if page.answered_at:
        return Truth(3, "answered", "picked up, no key" if page.kind in states.CALLS else "opened it")
    if page.delivered_at:
        return Truth(2, "delivered", "it rang" if page.kind in states.CALLS else "delivered")
    if page.accepted_at:
        return Truth(
            1, "accepted", f"{name_of(page.kind)} sent" if page.kind in states.WITHOUT_RECEIPTS else "on its way"
        )
    if page.state == states.FAILED_PERMANENT:
        return Truth(-1, "failed", "not reached")
    if page.state in (states.CANCELLED, states.SUPPRESSED):
        return Truth(-2, "none", "not called")
    return Truth(0, "none", "being sent")
