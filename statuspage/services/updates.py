"""Telling customers: publishing an update of an incident, and correcting one. One transaction with the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from accounts.models import User
from incidents.models import Incident
from incidents.services.customers import customers_told
from ledger import texts
from ledger.actors import Actor
from statuspage.models import Component, StatusPage, StatusUpdate
from statuspage.services.refusals import once, one_line, refusal, words
from statuspage.states import IMPACTS, STATUSES

TITLE_MAX, TEXT_MAX, REASON_MAX = 120, 4000, 500


@dataclass(frozen=True)
class Said:
    """What an update says. affected: {public id of a component: impact}. occurred_at: the time customers read; None for now.

    title: what is wrong, in customers' words; "" for the title that the incident already has on the page.
    """

    status: str
    text: str
    title: str = ""
    affected: Mapping[str, str] = field(default_factory=dict)
    occurred_at: datetime | None = None


@transaction.atomic
def publish_update(
    page: StatusPage, incident: Incident, said: Said, *, actor: Actor, person: User, how: str, now: datetime
) -> StatusUpdate:
    """Tell customers. Raises ValidationError by field."""
    if page.retired_at:
        raise refusal("page", f"{page} is no longer in force. Choose another page.", "conflict")
    said = _checked(page, said, title_sha256=newest_title(page, incident), now=now)
    return _write(StatusUpdate(page=page, incident=incident), said, actor=actor, person=person, how=how, now=now)


@transaction.atomic
def correct_update(
    wrong: StatusUpdate, said: Said, *, reason: str, actor: Actor, person: User, how: str, now: datetime
) -> StatusUpdate:
    """Put another update in the place of a wrong one, which stays in the record. Raises ValidationError by field.

    Unless `said.occurred_at` names another, customers read the time of the wrong one beside it.
    """
    reason = one_line("reason", reason, REASON_MAX, "A reason")
    if StatusUpdate.objects.filter(supersedes=wrong).exists():
        raise refusal("update", "It was corrected already. Correct the newer one.", "conflict")
    said = _checked(wrong.page, said, title_sha256=wrong.title_sha256, now=now, wrong=wrong)
    new = StatusUpdate(page=wrong.page, incident=wrong.incident, supersedes=wrong)
    new.reason_sha256 = texts.keep(reason, now=now)
    with once("update", "Somebody corrected it a moment ago. Look again."):
        return _write(new, said, actor=actor, person=person, how=how, now=now)


def newest_title(page: StatusPage, incident: Incident) -> str:
    """The hash of the title an incident has on a page; "" while customers know nothing of it."""
    told = StatusUpdate.objects.filter(page=page, incident=incident, superseded_by__isnull=True)
    return told.order_by("-occurred_at", "-pk").values_list("title_sha256", flat=True).first() or ""


def _write(update: StatusUpdate, said: Said, *, actor: Actor, person: User, how: str, now: datetime) -> StatusUpdate:
    page = update.page
    update.status, update.affected, update.occurred_at = said.status, dict(said.affected), said.occurred_at or now
    update.title_sha256 = texts.keep(said.title, now=now)
    update.text_sha256 = texts.keep(said.text, now=now)
    facts: dict[str, object] = {
        "update": update.public_id,
        "status": said.status,
        "affected": update.affected,
        "title_sha256": update.title_sha256,
    }
    if update.supersedes:
        facts |= {"corrects": update.supersedes.public_id, "reason_sha256": update.reason_sha256}
    told = customers_told(
        update.incident, said.text, where=(page.public_id, page.name), facts=facts, actor=actor, person=person, how=how,
        about=(("statusupdate", update.public_id), ("statuspage", page.public_id)), now=now, occurred_at=update.occurred_at,
    )  # fmt: skip
    # read after customers_told has locked the incident, so that two first updates make one story
    update.story = _story_of(update) or update.public_id
    update.person, update.actor_kind, update.actor_id, update.how = person, actor.kind, actor.id, how
    update.recorded_at, update.entry = now, told.entry
    update.save(force_insert=True)
    return update


def _story_of(update: StatusUpdate) -> str:
    told = StatusUpdate.objects.filter(page=update.page, incident=update.incident).order_by("pk")
    return told.values_list("story", flat=True).first() or ""


def _checked(
    page: StatusPage, said: Said, *, title_sha256: str, now: datetime, wrong: StatusUpdate | None = None
) -> Said:
    """The same, cleaned and complete; what is not said is as in the wrong one. Raises ValidationError by field."""
    if said.status not in STATUSES:
        raise refusal("status", f"A status is one of {', '.join(STATUSES)}.")
    if said.occurred_at is not None and said.occurred_at > now:
        raise refusal("occurred_at", "An update cannot be from the future. Leave the time empty for now.")
    text = words("text", said.text, TEXT_MAX, "An update", required=True)
    title = said.title.strip() or texts.read_many({title_sha256}).get(title_sha256, "")
    title = one_line("title", title, TITLE_MAX, "The title that customers read")
    affected = _known(page, said.affected, also=set(wrong.affected) if wrong else set())
    return Said(said.status, text, title, affected, said.occurred_at or (wrong.occurred_at if wrong else now))


def _known(page: StatusPage, affected: Mapping[str, str], *, also: set[str]) -> dict[str, str]:
    """The impacts in one order. also: components that may be named though they are off the page by now."""
    known = set(Component.objects.in_force().filter(page=page).values_list("public_id", flat=True)) | also
    for public_id, impact in affected.items():
        if public_id not in known:
            raise refusal("affected", f"{page} has no component {public_id[:40]}.")
        if impact not in IMPACTS:
            raise refusal("affected", f"What it means for customers is one of {', '.join(IMPACTS)}.")
    return dict(sorted(affected.items()))
