"""What customers are told of an incident, as the incident's own story has it. Apps that publish call this."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from incidents import states
from incidents.models import Incident, TimelineEntry
from incidents.services.rows import lock
from incidents.services.story import tell
from incidents.states import move
from ledger.actors import Actor


@transaction.atomic
def customers_told(
    incident: Incident,
    text: str,
    *,
    where: tuple[str, str],
    facts: dict[str, object],
    about: tuple[tuple[str, str], ...],
    actor: Actor,
    person: User,
    how: str,
    now: datetime,
    occurred_at: datetime,
) -> TimelineEntry:
    """Write a public update into the timeline and the ledger, in the transaction that publishes it.

    Like a note it may come long after the end, and it changes nothing of the incident. where: the public id and
    the name of the page it stands on. facts: what the ledger holds of it: ids, hashes, its status; `corrects`
    names the update it supersedes. about: further subjects of the ledger entry, as (kind, id).
    """
    incident = lock(incident)
    move(incident.state, states.NOTE)
    page, name = where
    return tell(
        incident, "customer_update", actor=actor, person=person, how=how, now=now, text=text, occurred_at=occurred_at,
        data={"page": page, **facts}, about=about, shown={"page_name": name},
    )  # fmt: skip
