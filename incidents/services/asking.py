"""Asking again: whoever acknowledged is called once more while it goes on, and may put that off.

A timer is a row: `Incident.ask_again_at`. Rules in docs/incidents.md, "Asked again".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from incidents import states
from incidents.models import Incident
from incidents.services import calling
from incidents.services.rows import lock
from incidents.services.story import tell
from incidents.services.work import BadInput
from incidents.states import move
from ledger.actors import SYSTEM, Actor

LEAST_S, MOST_S = 5 * 60, 24 * 60 * 60
BATCH = 50


@transaction.atomic
def snooze(incident: Incident, for_s: int, *, actor: Actor, person: User, how: str, now: datetime) -> Incident:
    """Ask again only after so many seconds from now, whatever the policy says. Who has the incident keeps it.

    Raises IllegalMove for an incident that nobody has or that is over, BadInput.
    """
    if isinstance(for_s, bool) or not LEAST_S <= for_s <= MOST_S:
        raise BadInput("for_s", "It can be put off for 5 minutes to 24 hours.")
    incident = lock(incident)
    move(incident.state, states.SNOOZE)
    incident.ask_again_at = now + timedelta(seconds=for_s)
    incident.version += 1
    incident.save(update_fields=["ask_again_at", "version"])
    tell(incident, "snoozed", actor=actor, person=person, how=how, now=now, data={"for_s": for_s})
    return incident


def ask_again_due(now: datetime) -> int:
    """Ask again where it is time; return for how many incidents. Safe to run anywhere, twice, at once."""
    due = Incident.objects.filter(state=states.ACKNOWLEDGED, ask_again_at__lte=now).order_by("ask_again_at")
    return sum(_ask_again(incident, now) for incident in list(due[:BATCH]))


@transaction.atomic
def _ask_again(incident: Incident, now: datetime) -> bool:
    incident = lock(incident)
    holder = incident.acknowledged_by
    if incident.state != states.ACKNOWLEDGED or incident.ask_again_at is None or incident.ask_again_at > now:
        return False  # another process was first, or somebody put it off meanwhile
    since = incident.acknowledged_at or now
    incident.state = move(incident.state, states.ASK_AGAIN)
    incident.acknowledged_at = incident.acknowledged_by = incident.ask_again_at = None
    incident.version += 1
    incident.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "ask_again_at", "version"])
    if holder is not None:
        calling.ask_again(incident, holder, now=now)
    data = {"had_it": holder.public_id if holder else "", "after_s": int((now - since).total_seconds())}
    tell(incident, "asked_again", actor=SYSTEM, now=now, data=data)
    return True
