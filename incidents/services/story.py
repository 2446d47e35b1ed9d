"""The one writer of timelines: every line is a timeline entry and a ledger entry in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from incidents.models import Incident, TimelineEntry
from ledger import texts
from ledger.actors import Actor
from ledger.record import instant, record


def tell(
    incident: Incident,
    kind: str,
    *,
    actor: Actor,
    now: datetime,
    person: User | None = None,
    how: str = "",
    data: dict[str, Any] | None = None,
    text: str = "",
    occurred_at: datetime | None = None,
    about: tuple[Any, ...] = (),
    shown: dict[str, str] | None = None,
) -> TimelineEntry:
    """Write one line of the story; must run in the transaction of what it tells.

    kind: a key of incidents.story.LINES. how: the way in words, masks only. data: ids, masks and counts.
    text: free text, kept by its hash. occurred_at: when it happened, `now` unless somebody claims another
    time. about: further subjects of the ledger entry, such as the alert. shown: words for the sentence that
    the ledger does not need, such as a policy's name as it was.
    """
    facts = dict(data or {})
    sha = texts.keep(text, now=now)
    said: dict[str, Any] = {**facts, "state": incident.state, "version": incident.version}
    if person is not None:
        said["person"] = person.public_id
    if how:
        said["how"] = how
    if sha:
        said["text_sha256"] = sha
    if occurred_at is not None and occurred_at != now:
        said["occurred_at"] = instant(occurred_at)
    entry = record(f"incident.{kind}", [incident, *about], said, now=now, actor=actor)
    return TimelineEntry.objects.create(
        incident=incident,
        occurred_at=occurred_at or now,
        recorded_at=now,
        kind=kind,
        person=person,
        actor_kind=actor.kind,
        actor_id=actor.id,
        how=how,
        data={**facts, **(shown or {})},
        text_sha256=sha,
        entry=entry,
    )
