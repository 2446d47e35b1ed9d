"""From draft to published and back: submit, send back, publish, correct. One function a move."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from incidents.services.follow_up import tell_postmortem_published
from incidents.services.rows import lock as lock_incident
from ledger import texts
from ledger.actors import Actor
from ledger.models import Entry
from ledger.record import record
from postmortems import rules, states
from postmortems.models import PostMortem, Publication, SectionVersion
from postmortems.services.refusals import BadInput, Incomplete, StaleText
from postmortems.services.rows import in_force, lock

MAX_REASON = 500


@transaction.atomic
def submit(
    postmortem: PostMortem, *, actor: Actor, person: User, now: datetime, expected_version: int | None = None
) -> PostMortem:
    """Ask for approval. Raises IllegalMove, Incomplete with every gap at once, StaleVersion."""
    postmortem = lock(postmortem)
    postmortem.status = states.move(postmortem.status, states.SUBMIT)
    _owe_what_the_incident_became(postmortem)
    _refuse_gaps(postmortem, in_force(postmortem))
    postmortem.submitted_at, postmortem.submitted_by = now, person
    postmortem.save(now=now, expected_version=expected_version)
    _tell(postmortem, "submitted", {}, actor=actor, person=person, now=now)
    return postmortem


@transaction.atomic
def send_back(
    postmortem: PostMortem,
    *,
    reason: str,
    actor: Actor,
    person: User,
    now: datetime,
    expected_version: int | None = None,
) -> PostMortem:
    """Not yet: it is a draft again, and why is kept. Raises IllegalMove, BadInput, StaleVersion."""
    postmortem = lock(postmortem)
    postmortem.status = states.move(postmortem.status, states.SEND_BACK)
    reason = _reason(reason, "Say what is missing, so that the author can mend it.")
    postmortem.save(now=now, reason=reason, expected_version=expected_version)
    _tell(postmortem, "sent_back", {"reason_sha256": texts.text_hash(reason)}, actor=actor, person=person, now=now)
    return postmortem


@transaction.atomic
def publish(
    postmortem: PostMortem,
    *,
    actor: Actor,
    person: User,
    how: str,
    now: datetime,
    expected_sha256: str | None = None,
    exception: str = "",
) -> Publication:
    """Approve what stands there and lock it. expected_sha256: the hash of the document the approver read.

    exception: why nobody else can approve; needed, and recorded, when the approver wrote any of it. Raises
    IllegalMove, Incomplete, BadInput, StaleText.
    """
    incident = lock_incident(postmortem.incident)
    postmortem = lock(postmortem)
    postmortem.status = states.move(postmortem.status, states.PUBLISH)
    if incident.is_open:
        raise BadInput("incident", f"{incident.number} is open again. It is published when it is over.")
    _owe_what_the_incident_became(postmortem)
    held = in_force(postmortem)
    _refuse_gaps(postmortem, held)
    sha = hash_of(postmortem, held)
    if expected_sha256 is not None and expected_sha256 != sha:
        raise StaleText
    second = second_person(postmortem, held, person)
    why = (
        "" if second else _reason(exception, "You wrote part of it. Let somebody else approve, or say why nobody can.")
    )
    publication = _publication(postmortem, held, sha, second, why, actor=actor, person=person, now=now)
    postmortem.published_at, postmortem.approved_by = now, person
    postmortem.save(now=now, reason=why)
    tell_postmortem_published(
        incident, postmortem=postmortem.number, revision=postmortem.revision, sha256=sha,
        actor=actor, person=person, how=how, now=now,
    )  # fmt: skip
    return publication


@transaction.atomic
def correct(
    postmortem: PostMortem,
    *,
    reason: str,
    actor: Actor,
    person: User,
    now: datetime,
    expected_version: int | None = None,
) -> PostMortem:
    """Begin the next revision of a published post-mortem; the published one stays as it is. Raises IllegalMove, BadInput."""
    postmortem = lock(postmortem)
    postmortem.status = states.move(postmortem.status, states.CORRECT)
    reason = _reason(reason, "Say what was wrong. It is kept beside the correction.")
    postmortem.revision += 1
    postmortem.submitted_at = postmortem.submitted_by = None
    postmortem.save(now=now, reason=reason, expected_version=expected_version)
    _tell(
        postmortem, "correction_begun", {"reason_sha256": texts.text_hash(reason)}, actor=actor, person=person, now=now
    )
    return postmortem


def hash_of(postmortem: PostMortem, held: dict[str, SectionVersion]) -> str:
    """The hash of the document as it stands: what an approver approves."""
    sections = {key: version.text_sha256 for key, version in held.items() if version.text_sha256}
    return rules.document_hash(
        postmortem.number, postmortem.revision, postmortem.root_cause_category, postmortem.runbook_changed, sections
    )


def second_person(postmortem: PostMortem, held: dict[str, SectionVersion], person: User) -> bool:
    """Whether this person began none of it and wrote no text that stands in it."""
    return person.pk != postmortem.author_id and all(version.author_id != person.pk for version in held.values())


def gaps(postmortem: PostMortem, held: dict[str, SectionVersion]) -> dict[str, str]:
    """What is missing before approval, a sentence by field."""
    return rules.missing(
        {key: bool(version.text_sha256) for key, version in held.items()},
        category=postmortem.root_cause_category,
        runbook_answered=postmortem.runbook_changed is not None,
        required=postmortem.required,
        actions=postmortem.actions.exclude(status=states.DROPPED).count(),
    )


def _refuse_gaps(postmortem: PostMortem, held: dict[str, SectionVersion]) -> None:
    found = gaps(postmortem, held)
    if found:
        raise Incomplete(found)


def _owe_what_the_incident_became(postmortem: PostMortem) -> None:
    """An incident that came back worse owes more than it did when the draft began; it never owes less."""
    incident = postmortem.incident
    if incident.resolved_at is None or postmortem.required:
        return
    owed = rules.requirement(incident.severity, incident.severity_initial, incident.resolved_at)
    postmortem.required, postmortem.required_because, postmortem.due_at = owed.required, owed.because, owed.due_at


def _publication(
    postmortem: PostMortem,
    held: dict[str, SectionVersion],
    sha: str,
    second: bool,
    why: str,
    *,
    actor: Actor,
    person: User,
    now: datetime,
) -> Publication:
    exception = texts.keep(why, now=now)
    said = {"sha256": sha, "second_person": second, **({"exception_sha256": exception} if exception else {})}
    entry = _tell(postmortem, "published", said, actor=actor, person=person, now=now)
    return Publication.objects.create(
        postmortem=postmortem,
        revision=postmortem.revision,
        sections={key: version.text_sha256 for key, version in held.items()},
        root_cause_category=postmortem.root_cause_category,
        runbook_changed=bool(postmortem.runbook_changed),  # never None: it is a gap until answered
        sha256=sha,
        approved_by=person,
        published_at=now,
        second_person=second,
        exception_sha256=exception,
        entry=entry,
    )


def _reason(text: str, ask: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise BadInput("reason", ask)
    if len(text) > MAX_REASON:
        raise BadInput("reason", f"A reason has at most {MAX_REASON} characters; this one has {len(text)}.")
    return text


def _tell(
    postmortem: PostMortem, verb: str, data: dict[str, object], *, actor: Actor, person: User, now: datetime
) -> Entry:
    said = {"revision": postmortem.revision, "state": postmortem.status, "person": person.public_id, **data}
    return record(f"postmortem.{verb}", [postmortem], said, now=now, actor=actor)
