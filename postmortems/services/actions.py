"""The life of an action item: promised, changed, done, verified by somebody else, or dropped with a reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import Organisation, User
from ledger import texts
from ledger.actors import Actor
from ledger.record import record
from postmortems import states
from postmortems.models import ActionItem, PostMortem
from postmortems.sections import KINDS
from postmortems.services.refusals import BadInput
from postmortems.services.rows import lock, lock_item, next_action_number

MAX_TEXT = 500
MAX_EVIDENCE = 1000
LAST_DAY = date(2999, 12, 31)


def today(now: datetime) -> date:
    """The day it is in the organisation's zone: due days are counted in it."""
    return now.astimezone(Organisation.current().zone).date()


@transaction.atomic
def create_action(
    postmortem: PostMortem, *, text: str, kind: str, owner: User, due_on: date, actor: Actor, now: datetime
) -> ActionItem:
    """Promise something, also after the post-mortem was published. Raises BadInput."""
    postmortem = lock(postmortem)
    text = _words("text", text, MAX_TEXT, "Say what will be different.")
    if due_on < today(now):
        raise BadInput("due_on", "The day it is due lies in the past.")
    made = ActionItem(
        public_id=next_action_number(now),
        postmortem=postmortem,
        kind=_kind(kind),
        text_sha256=texts.keep(text, now=now),
        owner=_owner(owner),
        due_on=_day(due_on),
    )
    made.save(now=now)
    _tell(made, "promised", {"owner": owner.public_id, "due_on": str(due_on)}, actor=actor, now=now)
    return made


@transaction.atomic
def change_action(
    item: ActionItem,
    changes: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> ActionItem:
    """Change `text`, `kind`, `owner` or `due_on` while it is open. A later day counts as an extension.

    Raises BadInput, IllegalMove, StaleVersion.
    """
    item = lock_item(item)
    states.move_item(item.status, states.CHANGE)
    if "text" in changes:
        item.text_sha256 = texts.keep(_words("text", changes["text"], MAX_TEXT, "Say what will be different."), now=now)
    if "kind" in changes:
        item.kind = _kind(changes["kind"])
    if "owner" in changes and changes["owner"].pk != item.owner_id:
        item.owner = _owner(changes["owner"])
    was, due_on = item.due_on, changes.get("due_on", item.due_on)
    if due_on > was:
        item.extended_count += 1
    item.due_on = _day(due_on)
    item.save(now=now, reason=reason, expected_version=expected_version)
    if due_on > was:
        _tell(
            item, "extended", {"from": str(was), "to": str(due_on), "times": item.extended_count}, actor=actor, now=now
        )
    return item


@transaction.atomic
def finish(
    item: ActionItem, *, evidence: str, actor: Actor, person: User, now: datetime, expected_version: int | None = None
) -> ActionItem:
    """It is done; evidence: how anybody can tell. Raises BadInput without it, IllegalMove, StaleVersion."""
    item = lock_item(item)
    item.status = states.move_item(item.status, states.FINISH)
    evidence = _words(
        "evidence", evidence, MAX_EVIDENCE, "Say how anybody can tell that it is done: a link, a test, a drill."
    )
    item.evidence_sha256 = texts.keep(evidence, now=now)
    item.done_at, item.done_by = now, person
    item.save(now=now, expected_version=expected_version)
    _tell(item, "done", {"person": person.public_id, "evidence_sha256": item.evidence_sha256}, actor=actor, now=now)
    return item


@transaction.atomic
def verify(
    item: ActionItem, *, actor: Actor, person: User, now: datetime, expected_version: int | None = None
) -> ActionItem:
    """Somebody who neither owns it nor did it has looked at the evidence. Raises BadInput, IllegalMove, StaleVersion."""
    item = lock_item(item)
    item.status = states.move_item(item.status, states.VERIFY)
    if person.pk in (item.owner_id, item.done_by_id):
        raise BadInput("person", "It was yours. Somebody else looks at the evidence and verifies it.")
    item.verified_at, item.verified_by = now, person
    item.save(now=now, expected_version=expected_version)
    _tell(item, "verified", {"person": person.public_id}, actor=actor, now=now)
    return item


@transaction.atomic
def reopen(
    item: ActionItem, *, reason: str, actor: Actor, person: User, now: datetime, expected_version: int | None = None
) -> ActionItem:
    """It is not done after all, or must not be dropped. Raises BadInput, IllegalMove, StaleVersion."""
    item = lock_item(item)
    was, item.status = item.status, states.move_item(item.status, states.REOPEN)
    reason = _words("reason", reason, MAX_TEXT, "Say why it is open again.")
    item.done_at = item.done_by = item.dropped_at = None
    item.evidence_sha256 = item.dropped_because_sha256 = ""
    item.save(now=now, reason=reason, expected_version=expected_version)
    said = {"person": person.public_id, "was": was, "reason_sha256": texts.text_hash(reason)}
    _tell(item, "reopened", said, actor=actor, now=now)
    return item


@transaction.atomic
def drop(
    item: ActionItem, *, reason: str, actor: Actor, person: User, now: datetime, expected_version: int | None = None
) -> ActionItem:
    """It will not be done, and why. Raises BadInput, IllegalMove, StaleVersion."""
    item = lock_item(item)
    item.status = states.move_item(item.status, states.DROP)
    reason = _words("reason", reason, MAX_TEXT, "Say why it will not be done. An auditor will ask.")
    item.dropped_at, item.dropped_because_sha256 = now, texts.keep(reason, now=now)
    item.save(now=now, reason=reason, expected_version=expected_version)
    said = {"person": person.public_id, "reason_sha256": item.dropped_because_sha256}
    _tell(item, "dropped", said, actor=actor, now=now)
    return item


def _words(field: str, text: str, most: int, ask: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise BadInput(field, ask)
    if len(text) > most:
        raise BadInput(field, f"At most {most} characters; this has {len(text)}.")
    return text


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise BadInput("kind", f"One of {', '.join(KINDS)}.")
    return kind


def _owner(owner: User) -> User:
    if not owner.is_active:
        raise BadInput("owner", f"{owner} is no longer active. Choose somebody who can see to it.")
    return owner


def _day(day: date) -> date:
    if not date(2000, 1, 1) <= day <= LAST_DAY:
        raise BadInput("due_on", f"A day from 2000 to 2999, not {day}.")
    return day


def _tell(item: ActionItem, verb: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    said = {"postmortem": item.postmortem.public_id, "state": item.status, **data}
    record(f"action.{verb}", [item, item.postmortem], said, now=now, actor=actor)
