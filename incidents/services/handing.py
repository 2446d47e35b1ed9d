"""An incident changes hands: somebody takes it over, somebody gives it to somebody else, and the others are told who has it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from incidents import states, wording
from incidents.models import Incident
from incidents.services import calling
from incidents.services.rows import lock
from incidents.services.story import tell
from incidents.services.work import BadInput
from incidents.states import move
from ledger.actors import SYSTEM, Actor

# Of the first answer to these, everybody who was paged is told.
CRITICAL = 1


@transaction.atomic
def take_over(incident: Incident, *, actor: Actor, person: User, how: str, now: datetime) -> Incident:
    """Have what somebody else has. Who had it is told, and may escalate if that is not so.

    Raises IllegalMove while nobody has it: then it is acknowledged. BadInput where it is theirs already.
    """
    incident = lock(incident)
    move(incident.state, states.TAKE_OVER)
    had = incident.acknowledged_by
    if had is not None and had.pk == person.pk:
        raise BadInput("person", f"{incident.number} is yours already.")
    incident.acknowledged_at, incident.acknowledged_by = now, person
    incident.ask_again_at = calling.ask_again_at(incident, now=now)
    incident.version += 1
    incident.save(update_fields=["acknowledged_at", "acknowledged_by", "ask_again_at", "version"])
    data = {"had_it": had.public_id if had else ""}
    tell(incident, "taken_over", actor=actor, person=person, how=how, now=now, data=data)
    if had is not None:
        tell_who_has_it(incident, person, how, now=now, only=had)
    return incident


@transaction.atomic
def reassign(incident: Incident, to: User, *, actor: Actor, person: User, how: str, now: datetime) -> Incident:
    """Give an incident to somebody: they are called now, alone for five minutes, and after them the chain from its beginning.

    It is nobody's until somebody answers, since to be named is not to have it. Raises IllegalMove for a resolved incident,
    BadInput for a person who cannot be called or has it already; nothing is done then.
    """
    incident = lock(incident)
    was, after = incident.state, move(incident.state, states.REASSIGN)
    had = incident.acknowledged_by
    _refuse(incident, to, had)
    incident.state = after
    incident.acknowledged_at = incident.acknowledged_by = incident.ask_again_at = None
    incident.version += 1
    incident.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "ask_again_at", "version"])
    calling.ask_instead(incident, to, now=now)
    data = {"to": to.public_id, "had_it": had.public_id if had else "", "was": was}
    tell(incident, "reassigned", actor=actor, person=person, how=how, now=now, data=data, about=(to,))
    return incident


def _refuse(incident: Incident, to: User, had: User | None) -> None:
    if not to.is_active:
        raise BadInput("person", f"{to} is no longer active and cannot be called.")
    if had is not None and had.pk == to.pk:
        raise BadInput("person", f"{to} has {incident.number} already.")
    if not calling.can_be_called(to):
        raise BadInput("person", f"{to} has no confirmed phone or e-mail address, so nobody was called.")


def tell_who_has_it(
    incident: Incident, holder: User, how: str, *, now: datetime, only: User | None = None
) -> list[User]:
    """Tell whoever was paged that somebody has it and how they said so, each with a link to escalate if that is not so.

    only: nobody else is told. In the transaction of the answer. Return who is told.
    """
    text = wording.has_it(incident.number, incident.title, str(holder), how)
    told = calling.tell_who_has_it(incident, holder, text, only=only, now=now)
    if told:
        data = {"people": [user.public_id for user in told], "holder": holder.public_id}
        tell(incident, "told_who_has_it", actor=SYSTEM, now=now, data=data)
    return told
