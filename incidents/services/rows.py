"""Locks and numbers: what every change of an incident begins with."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Organisation
from incidents.models import Incident, IncidentCounter
from incidents.numbers import format_number, year_of


class StaleIncident(ValueError):
    """The incident changed since its author saw it; nothing was done."""


def lock(incident: Incident, *, expected_version: int | None = None) -> Incident:
    """Return the incident read again under its row lock; raises StaleIncident for an outdated version."""
    locked = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if expected_version is not None and locked.version != expected_version:
        raise StaleIncident(
            f"{locked.number} changed since you opened it: you saw version {expected_version}, "
            f"version {locked.version} is in force. Nothing was done; look again."
        )
    return locked


def next_serial(now: datetime) -> tuple[int, int, str]:
    """Return (year, serial, number) of the next incident, raising the counter in the caller's transaction.

    The counter's row lock makes other openers wait until this one commits or rolls back, so that no
    number is lost: a hole would be a finding.
    """
    year = year_of(now, Organisation.current().zone)
    with transaction.atomic():
        IncidentCounter.objects.get_or_create(year=year)
    counter = IncidentCounter.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return year, counter.last, format_number(year, counter.last)
