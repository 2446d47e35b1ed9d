"""What incidents ask of on-call: start and stop runs, call more people, stand people down."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from accounts.models import User
from incidents.models import Incident
from incidents.queries import people_still_to_call, route_for
from incidents.services.story import tell
from incidents.subjects import KIND, subject_of
from incidents.wording import stood_down
from ledger.actors import SYSTEM
from oncall.escalation import services as oncall
from oncall.escalation.policy import PolicyError
from oncall.escalation.who import reachable_contacts
from oncall.queries import people_paged

log = structlog.get_logger(__name__)


def start(incident: Incident, *, now: datetime) -> None:
    """Begin a run under the route's policy; without one, under none, which leads to the catch-all.

    The route's runbook is frozen on the incident: a later edit must not change what people were told.
    """
    route = route_for(incident.service, incident.severity)
    policy = route.policy if route else None
    if route and route.runbook_url != incident.runbook_url:
        incident.runbook_url = route.runbook_url
        incident.save(update_fields=["runbook_url"])
    try:
        run = oncall.start(subject_of(incident), policy, now=now)
    except PolicyError:
        # a policy that cannot be read any more must not keep the incident from being paged at all
        log.exception("policy_unreadable", policy=policy.public_id if policy else "", incident=incident.number)
        policy = None
        run = oncall.start(subject_of(incident), None, now=now)
    tell(
        incident, "paging", actor=SYSTEM, now=now, about=(run,),
        data={
            "run": run.public_id,
            "route": route.public_id if route else "",
            "policy": policy.public_id if policy else "",
            "policy_version": policy.version if policy else 0,
        },
        shown={"policy_name": policy.name if policy else ""},
    )  # fmt: skip


def stop(incident: Incident, reason: str, *, by: User | None, now: datetime) -> tuple[User, ...]:
    """End the run and its planned pages; return the people who would have been called next and were not."""
    spared = people_still_to_call(incident)
    stopped = oncall.stop(KIND, incident.number, reason, now=now, by=by)
    return tuple(spared) if stopped else ()


def stand_down(incident: Incident, how: str, *, except_for: User | None, now: datetime) -> None:
    """Tell everybody who was paged that it is over, but not the one who ended it."""
    people = [user for user in people_paged(KIND, incident.number) if except_for is None or user.pk != except_for.pk]
    since = incident.last_reopened_at or incident.opened_at
    text = stood_down(incident.number, incident.title, how, now - since)
    pages = oncall.stand_down(subject_of(incident), people, text, now=now)
    if pages:
        told = list(dict.fromkeys(page.person.public_id for page in pages))
        tell(incident, "stood_down", actor=SYSTEM, now=now, data={"people": told})


def escalate_now(incident: Incident, *, by: User, now: datetime) -> None:
    """Take the next step at once; a chain that an acknowledge stopped goes on where it stopped."""
    oncall.escalate_now(subject_of(incident), now=now, by=by)


def ask_again_at(incident: Incident, *, now: datetime) -> datetime | None:
    """When whoever acknowledges now is asked again, by the policy the incident's run froze; None for never."""
    after = oncall.ask_again_s(KIND, incident.number)
    return now + timedelta(seconds=after) if after else None


def ask_again(incident: Incident, person: User, *, now: datetime) -> None:
    """Call whoever had it, and after them the chain from its beginning."""
    oncall.ask_again(subject_of(incident), person, now=now)


def ask_instead(incident: Incident, person: User, *, now: datetime) -> None:
    """Call somebody instead of whom the run calls, and after them the chain from its beginning."""
    oncall.ask_instead(subject_of(incident), person, now=now)


def can_be_called(person: User) -> bool:
    """Whether somebody has a confirmed contact at all."""
    return bool(reachable_contacts([person]))


def tell_who_has_it(incident: Incident, holder: User, text: str, *, only: User | None, now: datetime) -> list[User]:
    """Tell the others who were paged, or one of them, that somebody has it; return who is told."""
    pages = oncall.tell_who_has_it(subject_of(incident), holder, text, only=only, now=now)
    return list({page.person_id: page.person for page in pages}.values())


def add_person(incident: Incident, person: User, *, by: User, now: datetime) -> bool:
    """Page one more person beside the chain; False when they have no confirmed contact, so nobody was called."""
    return bool(oncall.add_person(subject_of(incident), person, now=now, by=by))
