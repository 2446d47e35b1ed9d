"""Work on an incident that leaves it open: declare, escalate, add a person, add a note."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from incidents import states
from incidents.models import Incident, TimelineEntry
from incidents.services import calling
from incidents.services.rows import lock, next_serial
from incidents.services.story import tell
from incidents.states import move
from ledger.actors import Actor
from monitors.models import Service

MAX_NOTE = 4000
MAX_TITLE = 200


class BadInput(ValueError):
    """What was asked for cannot be; `field` and the sentence say why."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@transaction.atomic
def open_incident(
    *,
    title: str,
    severity: int,
    urgency: str,
    service: Service | None,
    opened_at: datetime,
    detected_by: str,
    actor: Actor,
    now: datetime,
    person: User | None = None,
    how: str = "",
    text: str = "",
    about: tuple[object, ...] = (),
    data: dict[str, str] | None = None,
) -> Incident:
    """Number a new incident, tell its beginning, and start its run. opened_at: by the evidence, not after `now`."""
    year, serial, number = next_serial(now)
    incident = Incident.objects.create(
        number=number,
        year=year,
        serial=serial,
        title=title[:MAX_TITLE],
        severity=severity,
        severity_initial=severity,
        urgency=urgency,
        service=service,
        detected_by=detected_by,
        opened_at=opened_at,
        recorded_at=now,
    )
    tell(
        incident,
        "declared" if person else "opened",
        actor=actor,
        person=person,
        how=how,
        now=now,
        occurred_at=opened_at,
        text=text,
        about=about,
        data={
            "severity": severity,
            "urgency": urgency,
            "service": service.public_id if service else "",
            **(data or {}),
        },
    )
    calling.start(incident, now=now)
    return incident


def declare(
    *,
    title: str,
    severity: int,
    service: Service | None,
    actor: Actor,
    person: User,
    how: str,
    now: datetime,
    urgency: str = "high",
    note: str = "",
    opened_at: datetime | None = None,
) -> Incident:
    """A person says that something is wrong: the same incident, paged in the same way.

    opened_at: since when, if they know; not later than `now`. Raises BadInput.
    """
    title = " ".join(title.split())
    if not title:
        raise BadInput("title", "Say in a few words what is wrong.")
    if len(title) > MAX_TITLE:
        raise BadInput("title", f"A title has at most {MAX_TITLE} characters; this one has {len(title)}.")
    if severity not in (1, 2, 3, 4):
        raise BadInput("severity", "Severity is 1 (worst) to 4.")
    if urgency not in ("high", "low"):
        raise BadInput("urgency", "Urgency is high or low.")
    if opened_at is not None and opened_at > now:
        raise BadInput("opened_at", "An incident cannot begin in the future.")
    return open_incident(
        title=title,
        severity=severity,
        urgency=urgency,
        service=service,
        opened_at=opened_at or now,
        detected_by="person",
        actor=actor,
        person=person,
        how=how,
        text=_checked_note(note, required=False),
        now=now,
    )


@transaction.atomic
def escalate(incident: Incident, *, actor: Actor, person: User, how: str, now: datetime) -> Incident:
    """Call the next people now. The incident is nobody's again until one of them answers.

    Raises IllegalMove for a resolved incident.
    """
    incident = lock(incident)
    was, incident.state = incident.state, move(incident.state, states.ESCALATE)
    had = incident.acknowledged_by
    if was == states.ACKNOWLEDGED:
        incident.acknowledged_at = incident.acknowledged_by = incident.ask_again_at = None
    incident.version += 1
    incident.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "ask_again_at", "version"])
    calling.escalate_now(incident, by=person, now=now)
    tell(
        incident,
        "escalated",
        actor=actor,
        person=person,
        how=how,
        now=now,
        data={"was": was, "had_it": had.public_id if had else ""},
    )
    return incident


@transaction.atomic
def add_person(incident: Incident, added: User, *, actor: Actor, person: User, how: str, now: datetime) -> Incident:
    """Page one more person now, by every contact they confirmed. Who has the incident keeps it.

    Raises IllegalMove for a resolved incident, BadInput for a person who cannot be called; nothing is done then.
    """
    incident = lock(incident)
    move(incident.state, states.ADD_PERSON)
    if not added.is_active:
        raise BadInput("person", f"{added} is no longer active and cannot be called.")
    if not calling.add_person(incident, added, by=person, now=now):
        raise BadInput("person", f"{added} has no confirmed phone or e-mail address, so nobody was called.")
    tell(
        incident, "person_added", actor=actor, person=person, how=how, now=now, data={"added": added.public_id},
        about=(added,),
    )  # fmt: skip
    return incident


@transaction.atomic
def add_note(
    incident: Incident,
    text: str,
    *,
    actor: Actor,
    person: User,
    how: str,
    now: datetime,
    occurred_at: datetime | None = None,
) -> TimelineEntry:
    """Write a note, also after the end. occurred_at: when it happened, not later than `now`; the row keeps
    both clocks. Raises BadInput.
    """
    text = _checked_note(text, required=True)
    if occurred_at is not None and occurred_at > now:
        raise BadInput("occurred_at", "A note cannot tell of the future. Leave the time empty for now.")
    incident = lock(incident)
    move(incident.state, states.NOTE)
    return tell(incident, "note", actor=actor, person=person, how=how, now=now, text=text, occurred_at=occurred_at)


def _checked_note(text: str, *, required: bool) -> str:
    text = text.replace("\x00", "").strip()
    if required and not text:
        raise BadInput("text", "A note needs words.")
    if len(text) > MAX_NOTE:
        raise BadInput("text", f"A note has at most {MAX_NOTE} characters; this one has {len(text)}.")
    return text
