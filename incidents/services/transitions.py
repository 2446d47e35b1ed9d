"""The moves of an incident: one function each, and each in one transaction.

Row lock, states table, version, timeline and ledger entry, end of the escalation run and its planned
pages: all of it commits together or none of it does.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from incidents import states
from incidents.models import Incident
from incidents.services import calling, outcomes
from incidents.services.handing import CRITICAL, tell_who_has_it
from incidents.services.outcomes import Outcome
from incidents.services.rows import lock
from incidents.services.story import tell
from incidents.states import move
from incidents.wording import ENDINGS
from ledger.actors import SYSTEM, Actor


@transaction.atomic
def acknowledge(incident: Incident, *, actor: Actor, person: User, how: str, now: datetime) -> Outcome:
    """Somebody has it: stop the run and its planned pages. Safe to repeat.

    A second person is recorded beside the first and changes nothing; so is an answer after the end.
    """
    incident = lock(incident)
    was, incident.state = incident.state, move(incident.state, states.ACKNOWLEDGE)
    if was == states.RESOLVED:
        tell(incident, "acknowledged_late", actor=actor, person=person, how=how, now=now)
        return Outcome(outcomes.ALREADY_RESOLVED, incident)
    if was == states.ACKNOWLEDGED:
        return _acknowledge_again(incident, actor=actor, person=person, how=how, now=now)
    incident.acknowledged_at, incident.acknowledged_by = now, person
    incident.first_acknowledged_at = incident.first_acknowledged_at or now
    incident.ask_again_at = calling.ask_again_at(incident, now=now)
    incident.version += 1
    incident.save(
        update_fields=[
            "state", "acknowledged_at", "acknowledged_by", "first_acknowledged_at", "ask_again_at", "version",
        ]
    )  # fmt: skip
    spared = calling.stop(incident, "acknowledged", by=person, now=now)
    tell(
        incident,
        "acknowledged",
        actor=actor,
        person=person,
        how=how,
        now=now,
        data={"spared": [user.public_id for user in spared]},
    )
    if incident.severity == CRITICAL:
        tell_who_has_it(incident, person, how, now=now)
    return Outcome(outcomes.ACKNOWLEDGED, incident, spared)


def _acknowledge_again(incident: Incident, *, actor: Actor, person: User, how: str, now: datetime) -> Outcome:
    if incident.acknowledged_by_id == person.pk:
        return Outcome(outcomes.ALREADY_YOURS, incident)
    tell(incident, "acknowledged_too", actor=actor, person=person, how=how, now=now)
    return Outcome(outcomes.ALREADY_TAKEN, incident)


@transaction.atomic
def resolve(
    incident: Incident,
    *,
    actor: Actor,
    person: User,
    how: str,
    now: datetime,
    note: str = "",
    expected_version: int | None = None,
) -> Outcome:
    """A person says it is over: close its alerts, stop the run, tell everybody who was paged.

    note: what it was, free text. Raises StaleIncident when expected_version is not in force. A second
    resolve is recorded and changes nothing.
    """
    incident = lock(incident, expected_version=expected_version)
    was, incident.state = incident.state, move(incident.state, states.RESOLVE)
    if was == states.RESOLVED:
        tell(incident, "resolved_late", actor=actor, person=person, how=how, now=now, text=note)
        return Outcome(outcomes.ALREADY_RESOLVED, incident)
    still_open = incident.alerts.open().update(
        closed_at=now, closed_recorded_at=now, closed_reason="resolved_by_person"
    )
    _end(incident, person=person, now=now)
    tell(
        incident,
        "resolved",
        actor=actor,
        person=person,
        how=how,
        now=now,
        text=note,
        data={"alerts_still_open": still_open},
    )
    spared = calling.stop(incident, "resolved", by=person, now=now)
    calling.stand_down(incident, f"resolved by {person}", except_for=person, now=now)
    return Outcome(outcomes.RESOLVED, incident, spared)


@transaction.atomic
def recover(incident: Incident, *, occurred_at: datetime, now: datetime, reason: str = "recovered") -> Outcome:
    """Every alert of the incident has ended: it resolves by itself, and whoever was paged is told.

    reason: how the last one ended, `recovered` or `unwatched`. occurred_at: when it ended by the evidence.
    """
    incident = lock(incident)
    was, incident.state = incident.state, move(incident.state, states.RECOVER)
    if was == states.RESOLVED:
        return Outcome(outcomes.ALREADY_RESOLVED, incident)
    _end(incident, person=None, now=now)
    tell(incident, "recovered", actor=SYSTEM, now=now, occurred_at=occurred_at, data={"reason": reason})
    spared = calling.stop(incident, "resolved", by=None, now=now)
    calling.stand_down(incident, ENDINGS[reason], except_for=None, now=now)
    return Outcome(outcomes.RESOLVED, incident, spared)


def _end(incident: Incident, *, person: User | None, now: datetime) -> None:
    incident.resolved_at, incident.resolved_by, incident.ask_again_at = now, person, None
    incident.version += 1
    incident.save(update_fields=["state", "resolved_at", "resolved_by", "ask_again_at", "version"])


@transaction.atomic
def reopen(incident: Incident, *, severity: int, urgency: str, reason: str, now: datetime) -> Incident:
    """The same condition came back soon after the end: it is the same incident, and it pages anew.

    severity, urgency: of the new alert; the incident takes the worse of both.
    """
    incident = lock(incident)
    incident.state = move(incident.state, states.REOPEN)
    incident.severity = min(incident.severity, severity)
    incident.urgency = "high" if "high" in (incident.urgency, urgency) else "low"
    incident.resolved_at = incident.resolved_by = None
    incident.acknowledged_at = incident.acknowledged_by = incident.ask_again_at = None
    incident.reopened_count += 1
    incident.last_reopened_at = now
    incident.version += 1
    incident.save()
    tell(incident, "reopened", actor=SYSTEM, now=now, data={"reason": reason, "times": incident.reopened_count})
    calling.start(incident, now=now)
    return incident
