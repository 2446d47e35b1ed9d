"""What on-call learns of an incident: the frozen subject of its runs."""

from __future__ import annotations

from django.conf import settings

from incidents.models import Incident
from oncall.subject import Subject

KIND = "incident"


def url_of(incident: Incident) -> str:
    """The address where a signed-in person reads on."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/incidents/{incident.number}/"


def subject_of(incident: Incident) -> Subject:
    """Return the subject as the incident stands now; a run freezes it."""
    return Subject(
        kind=KIND,
        id=incident.number,
        service_key=incident.service.public_id if incident.service else "",
        severity=incident.severity,
        urgency=incident.urgency,
        title=incident.title,
        url=url_of(incident),
        service=incident.service.name if incident.service else "",
    )
