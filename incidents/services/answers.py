"""Answers to pages: whoever holds the page acts on its incident, and the page counts as confirmed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from accounts.access import can
from accounts.models import User
from incidents.models import Incident
from incidents.services import outcomes
from incidents.services.handing import take_over
from incidents.services.outcomes import Outcome
from incidents.services.rows import lock
from incidents.services.story import tell
from incidents.services.transitions import acknowledge, resolve
from incidents.services.work import escalate
from incidents.states import ACKNOWLEDGED
from ledger.actors import Actor, current_actor
from ledger.failpoints import fail_point
from oncall.models import Page
from oncall.notify import transitions as pages
from oncall.notify.names import name_of

ACK, RESOLVE, ESCALATE, TAKE_OVER = "ack", "resolve", "escalate", "take_over"


@dataclass(frozen=True)
class Answer:
    """One answer: which page it belongs to, who gives it (the page's person), by `link`, `sms`, `voice` or `slack`, and what."""

    page: Page
    verb: str
    by: str

    @property
    def person(self) -> User:
        """The person the page went to: nobody else can give this answer."""
        return self.page.person

    @property
    def how(self) -> str:
        """The way in words, with the masked address the page went to."""
        if self.by == "sms":
            return f"SMS reply from {self.page.to_mask}"
        if self.by == "voice":
            return f"key press in call to {self.page.to_mask}"
        if self.by == "slack":
            return f"button in Slack message to {self.page.to_mask}"
        return f"link in {name_of(self.page.kind)} to {self.page.to_mask}"

    @property
    def actor(self) -> Actor:
        """The actor: the page's person by this way, from the network of the request if there is one."""
        return replace(
            current_actor(), kind=self.by, id=self.person.public_id, label=str(self.person), via=self.how[:64]
        )


def by_link(answer: Answer, incident: Incident, *, now: datetime) -> Outcome:
    """Do what somebody pressed on the page behind their link. Raises IllegalMove for an escalate after the end."""
    with transaction.atomic():
        outcome = give(answer, incident, now=now)
        fail_point("answer.before_commit")
    fail_point("answer.after_commit")
    return outcome


@transaction.atomic
def give(answer: Answer, incident: Incident, *, now: datetime) -> Outcome:
    """Do what an answer says, in one transaction with the confirmation of its page.

    Somebody whose role no longer allows it is refused; that is told in the timeline, and the escalation
    goes on.
    """
    incident = lock(incident)
    # locks go incident, run, page: the same order as everywhere
    _, page = pages.lock(answer.page.pk)
    pages.confirm(page, answer.by, now=now)
    return _do(answer, incident, now=now)


def _do(answer: Answer, incident: Incident, *, now: datetime) -> Outcome:
    actor, person, how = answer.actor, answer.person, answer.how
    if not can(person, "respond"):
        tell(incident, "refused", actor=actor, person=person, how=how, now=now, data={"role": person.role})
        return Outcome(outcomes.REFUSED, incident)
    if answer.verb == RESOLVE:
        return resolve(incident, actor=actor, person=person, how=how, now=now)
    if answer.verb == ESCALATE:
        return Outcome(outcomes.ESCALATED, escalate(incident, actor=actor, person=person, how=how, now=now))
    if answer.verb == TAKE_OVER:
        return _take_over(answer, incident, now=now)
    return acknowledge(incident, actor=actor, person=person, how=how, now=now)


def _take_over(answer: Answer, incident: Incident, *, now: datetime) -> Outcome:
    """Have what somebody else has; what is theirs or nobody's already is simply acknowledged."""
    actor, person, how = answer.actor, answer.person, answer.how
    if incident.state != ACKNOWLEDGED or incident.acknowledged_by_id == person.pk:
        return acknowledge(incident, actor=actor, person=person, how=how, now=now)
    return Outcome(outcomes.TAKEN_OVER, take_over(incident, actor=actor, person=person, how=how, now=now))
