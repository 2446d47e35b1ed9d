"""What is learnt from an incident, told in its own timeline. Called by the apps above, in the transaction of what they tell."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from incidents.models import Incident, TimelineEntry
from incidents.services.rows import lock
from incidents.services.story import tell
from ledger.actors import Actor


@transaction.atomic
def tell_postmortem_started(
    incident: Incident, *, postmortem: str, actor: Actor, person: User, how: str, now: datetime
) -> TimelineEntry:
    """Somebody began to write it. postmortem: its number."""
    return tell(
        lock(incident), "postmortem_started", actor=actor, person=person, how=how, now=now,
        data={"postmortem": postmortem}, about=(("postmortem", postmortem),),
    )  # fmt: skip


@transaction.atomic
def tell_postmortem_published(
    incident: Incident,
    *,
    postmortem: str,
    revision: int,
    sha256: str,
    actor: Actor,
    person: User,
    how: str,
    now: datetime,
) -> TimelineEntry:
    """Somebody approved a revision; `sha256` is the hash of what they approved."""
    return tell(
        lock(incident), "postmortem_published", actor=actor, person=person, how=how, now=now,
        data={"postmortem": postmortem, "revision": revision, "sha256": sha256}, about=(("postmortem", postmortem),),
    )  # fmt: skip
