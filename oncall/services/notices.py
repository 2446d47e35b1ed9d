"""Telling somebody about their own shifts by letter: once for each occasion, over every confirmed e-mail address."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.contact_kinds import EMAIL
from accounts.models import User
from accounts.queries import contacts_of
from ledger.hints import hint
from ledger.record import record
from ledger.texts import keep
from oncall.escalation.who import reachable
from oncall.models import Notice, Schedule
from oncall.notify.rows import new_page

HANDOFF, SWAP = "handoff", "swap"


@transaction.atomic
def notify(
    person: User, *, kind: str, key: str, schedule: Schedule, subject: str, body: str, now: datetime, about: str = ""
) -> Notice | None:
    """Write a letter to a person and plan the pages that carry it; None if this occasion was told before.

    kind: HANDOFF or SWAP. key: of the occasion, for this person. about: public id of what it speaks of. A person who
    cannot sign in any more is told nothing.
    """
    if not person.is_active or Notice.objects.filter(key=key).exists():
        return None
    contacts = [one for one in contacts_of(person) if one.kind == EMAIL and one.verified_at and not one.unhealthy_since]
    made = Notice(
        key=key, kind=kind, person=person, schedule=schedule, about=about, pages=len(contacts), made_at=now,
        subject_sha256=keep(subject, now=now), body_sha256=keep(body, now=now),
    )  # fmt: skip
    made.save()
    for contact in contacts:
        page = new_page(reachable(contact, person), run=None, origin=kind, now=now, reference=made.public_id)
        page.save(force_insert=True)
        record(
            f"page.{kind}_planned", [page, contact, person], {"channel": page.kind, "notice": made.public_id}, now=now
        )
    said = {"notice": kind, "about": about, "pages": len(contacts), "body": made.body_sha256}
    record("oncall.notice_made", [made, person, schedule], said, now=now)
    hint("send")
    return made
