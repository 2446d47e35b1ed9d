"""Writing a post-mortem: begin it from an incident, save sections, class the cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from incidents.models import Incident
from incidents.services.follow_up import tell_postmortem_started
from incidents.services.rows import lock as lock_incident
from ledger import texts
from ledger.actors import Actor
from ledger.record import record
from postmortems import drafting, states
from postmortems.facts import facts_of
from postmortems.markup import MAX_BYTES, citations
from postmortems.models import PostMortem, SectionVersion
from postmortems.rules import number_for, requirement
from postmortems.sections import BY_KEY, CATEGORIES
from postmortems.services.refusals import AlreadyStarted, BadInput, StaleSection
from postmortems.services.rows import in_force, lock

DRAFTED = "from the record"
MOST_BRACKETS = 2_000  # each one is looked up to the end of its paragraph, so their number is what costs


@transaction.atomic
def start_postmortem(incident: Incident, *, actor: Actor, person: User, how: str, now: datetime) -> PostMortem:
    """Begin the post-mortem of an incident that is over; its summary begins with citations of the record.

    Raises BadInput while the incident is open, AlreadyStarted.
    """
    incident = lock_incident(incident)
    held = PostMortem.objects.filter(incident=incident).select_related("incident").first()
    if held is not None:
        raise AlreadyStarted(held)
    if incident.is_open or incident.resolved_at is None:
        raise BadInput("incident", f"{incident.number} is still open. Its post-mortem is written when it is over.")
    owed = requirement(incident.severity, incident.severity_initial, incident.resolved_at)
    made = PostMortem(
        public_id=number_for(incident.number),
        incident=incident,
        author=person,
        required=owed.required,
        required_because=owed.because,
        due_at=owed.due_at,
        drafted_at=now,
    )
    made.save(now=now)
    story = incident.timeline.order_by("occurred_at", "id").values_list("kind", "public_id")
    for section, text in drafting.first_words(story).items():
        _write(made, section, text, 1, actor=actor, person=person, how=DRAFTED, now=now)
    tell_postmortem_started(incident, postmortem=made.number, actor=actor, person=person, how=how, now=now)
    return made


@transaction.atomic
def save_section(
    postmortem: PostMortem,
    section: str,
    text: str,
    *,
    expected_version: int | None,
    actor: Actor,
    person: User,
    how: str,
    now: datetime,
) -> SectionVersion | None:
    """Save the text of one section as a new version; None when it is what was there already.

    expected_version: the version the author saw, 0 for none; None takes whatever is in force. Raises
    BadInput, StaleSection, IllegalMove for a published post-mortem.
    """
    postmortem = lock(postmortem)
    states.move(postmortem.status, states.WRITE)
    text = checked(postmortem.incident, section, text)
    held = in_force(postmortem).get(section)
    seen = held.version if held else 0
    if expected_version is not None and held is not None and expected_version != seen:
        raise StaleSection(held)
    if texts.text_hash(text) == (held.text_sha256 if held else "") or not (text or held):
        return None
    return _write(postmortem, section, text, seen + 1, actor=actor, person=person, how=how, now=now)


def checked(incident: Incident, section: str, text: str) -> str:
    """The text as it is kept. Raises BadInput: no such section, too long, or a citation of another incident."""
    if section not in BY_KEY:
        raise BadInput("section", f"There is no section {section[:40]!r}. There are: {', '.join(BY_KEY)}.")
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    size = len(text.encode())
    if size > MAX_BYTES:
        raise BadInput("text", f"A section has at most 64 kB; this one has {-(-size // 1024)} kB.")
    if text.count("[") > MOST_BRACKETS:
        raise BadInput("text", f"A section has at most {MOST_BRACKETS:,} opening brackets; this one has more.")
    cited = citations(text)
    known = facts_of(incident) if cited else {}
    for wanted in cited:
        if wanted not in known:
            raise BadInput(
                "text",
                f"[{wanted}] is no fact of {incident.number}. Insert facts from the list beside the text, or remove it.",
            )
    return text


@transaction.atomic
def classify(
    postmortem: PostMortem,
    changes: dict[str, Any],
    *,
    expected_version: int | None,
    now: datetime,
) -> PostMortem:
    """Set `root_cause_category` (a key of CATEGORIES) or `runbook_changed` (a boolean).

    Raises BadInput, StaleVersion, IllegalMove for a published post-mortem.
    """
    postmortem = lock(postmortem)
    states.move(postmortem.status, states.WRITE)
    category = changes.get("root_cause_category", postmortem.root_cause_category)
    if category and category not in CATEGORIES:
        raise BadInput("root_cause_category", f"One of {', '.join(CATEGORIES)}.")
    postmortem.root_cause_category = category
    postmortem.runbook_changed = changes.get("runbook_changed", postmortem.runbook_changed)
    postmortem.save(now=now, expected_version=expected_version)
    return postmortem


def _write(
    postmortem: PostMortem,
    section: str,
    text: str,
    version: int,
    *,
    actor: Actor,
    person: User,
    how: str,
    now: datetime,
) -> SectionVersion:
    sha = texts.keep(text, now=now)
    said = {
        "section": section,
        "version": version,
        "revision": postmortem.revision,
        "text_sha256": sha,
        "person": person.public_id,
    }
    entry = record("postmortem.section_saved", [postmortem], said, now=now, actor=actor)
    return SectionVersion.objects.create(
        postmortem=postmortem,
        section=section,
        version=version,
        revision=postmortem.revision,
        text_sha256=sha,
        author=person,
        how=how,
        saved_at=now,
        entry=entry,
    )
