"""Agreements: making, changing, approving and retiring them, and how monitors make a service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from accounts.models import User
from ledger.actors import current_actor
from monitors.availability import MILLION
from monitors.composing import Kind
from monitors.models import SLA, Monitor, Service
from monitors.models.agreements import WINDOWS
from monitors.models.monitors import ROLES
from monitors.services.refusals import name_once, refusal

NAME_MAX, DOCUMENT_MAX, DEPENDENCIES_MAX = 120, 300, 20
YEAR_S = 366 * 86_400
LATENCY_MOST_MS = 600_000
SLA_FIELDS = frozenset(
    {
        "name", "target_ppm", "window", "timezone", "degraded_counts_as_down", "maintenance_allowance_s",
        "notice_required_s", "latency_ms", "latency_ppm", "dependencies", "source_document", "effective_from",
        "effective_until",
    }
)  # fmt: skip


@transaction.atomic
def create_sla(*, service: Service, now: datetime, reason: str = "", **fields: Any) -> SLA:
    """Write down what was promised of a service. fields: those of SLA. Raises ValidationError by field."""
    return _save(SLA(service=service), fields, now=now, reason=reason)


@transaction.atomic
def change_sla(
    sla: SLA, changes: Mapping[str, Any], *, now: datetime, reason: str = "", expected_version: int | None = None
) -> SLA:
    """Change terms. They hold from now on, wait for approval again, and score nothing anew that is over.

    Raises ValidationError by field, StaleVersion.
    """
    return _save(sla, changes, now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def approve_sla(sla: SLA, *, person: User, now: datetime, reason: str = "", expected_version: int | None = None) -> SLA:
    """Approve the terms in force, as somebody who did not write them. Raises ValidationError, StaleVersion."""
    sla.refresh_from_db()
    if sla.approved_at is not None:
        raise refusal("approved", "These terms are approved already.", "conflict")
    if sla.written_by == person.public_id:
        raise refusal("approved", "You wrote these terms. Somebody else approves them.", "same_person")
    sla.approved_by, sla.approved_at = person, now
    sla.save(now=now, reason=reason, expected_version=expected_version)
    return sla


def retire_sla(sla: SLA, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take an agreement out of force; what it was stays in history."""
    sla.retire(now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def set_composition(
    service: Service,
    *,
    composition: str,
    quorum: int,
    roles: Mapping[int, str],
    now: datetime,
    reason: str,
    expected_version: int | None = None,
) -> Service:
    """Say how monitors make a service: all, any, or at least `quorum` of the primary ones. It holds from now on.

    roles: by primary key, of monitors of the service in force; one that is not named keeps its role. Raises ValidationError
    by field, StaleVersion.
    """
    monitors = {one.pk: one for one in Monitor.objects.in_force().filter(service=service)}
    if set(roles) - set(monitors) or set(roles.values()) - set(ROLES):
        raise refusal("roles", f"Roles are {', '.join(ROLES)}, of monitors of this service.")
    if composition not in list(Kind):
        raise refusal("composition", f"A service is made of its monitors by {', '.join(Kind)}.")
    primary = sum(roles.get(key, one.role) == "primary" for key, one in monitors.items())
    if composition == Kind.QUORUM and not 1 <= quorum <= max(primary, 1):
        raise refusal("quorum", f"Between 1 and its {primary} primary monitors.")
    service.composition, service.quorum = composition, quorum if composition == Kind.QUORUM else 0
    service.save(now=now, reason=reason, expected_version=expected_version)
    for key, role in roles.items():
        monitors[key].role = role
        monitors[key].save(now=now, reason=reason)
    return service


def _save(
    sla: SLA, given: Mapping[str, Any], *, now: datetime, reason: str, expected_version: int | None = None
) -> SLA:
    unknown = set(given) - SLA_FIELDS
    if unknown:
        raise TypeError(f"an agreement has no {', '.join(sorted(unknown))}")
    before = {name: getattr(sla, name) for name in SLA_FIELDS}
    for name, value in given.items():
        setattr(sla, name, value.strip() if isinstance(value, str) else value)
    _check(sla)
    if sla.pk is None or before != {name: getattr(sla, name) for name in SLA_FIELDS}:
        sla.written_by, sla.approved_by, sla.approved_at = current_actor().id, None, None
    with name_once(_taken(sla)):
        sla.save(now=now, reason=reason, expected_version=expected_version)
    return sla


def _check(sla: SLA) -> None:
    if not sla.name or len(sla.name) > NAME_MAX:
        raise refusal("name", f"Give it a name of at most {NAME_MAX} characters.")
    others = SLA.objects.in_force().filter(service=sla.service, name__iexact=sla.name).exclude(pk=sla.pk)
    if others.exists():
        raise refusal("name", _taken(sla), "taken")
    if not _share(sla.target_ppm):
        raise refusal("target_ppm", "A target is above 0 and up to 100 %.")
    if sla.window not in WINDOWS:
        raise refusal("window", f"A window is {' or '.join(WINDOWS)}.")
    if sla.timezone not in available_timezones():
        raise refusal("timezone", "There is no such time zone.")
    if (sla.latency_ms is None) != (sla.latency_ppm is None):
        raise refusal("latency_ppm", "Say both: how fast, and which share of the checks.")
    if sla.latency_ms is not None and not (0 < sla.latency_ms <= LATENCY_MOST_MS and _share(sla.latency_ppm)):
        raise refusal("latency_ms", "A length of up to ten minutes, and a share above 0 and up to 100 %.")
    _check_times(sla)
    _check_dependencies(sla.dependencies)
    if len(sla.source_document) > DOCUMENT_MAX:
        raise refusal("source_document", f"At most {DOCUMENT_MAX} characters.")


def _check_times(sla: SLA) -> None:
    for name in ("maintenance_allowance_s", "notice_required_s"):
        value = getattr(sla, name)
        if value is not None and not 0 <= value <= YEAR_S:
            raise refusal(name, "Between nothing and a year.")
    if not isinstance(sla.effective_from, date):
        raise refusal("effective_from", "Say from which day it holds.", "required")
    if sla.effective_until is not None and sla.effective_until <= sla.effective_from:
        raise refusal("effective_until", "It ends after it began.")


def _check_dependencies(given: Any) -> None:
    fits = isinstance(given, list) and len(given) <= DEPENDENCIES_MAX
    if not fits or not all(
        set(one) == {"name", "target_ppm"} and one["name"] and _share(one["target_ppm"]) for one in given
    ):
        raise refusal(
            "dependencies", f"At most {DEPENDENCIES_MAX} of them, each with a name and what is promised of it."
        )


def _share(ppm: Any) -> bool:
    return isinstance(ppm, int) and 0 < ppm <= MILLION


def _taken(sla: SLA) -> str:
    return f"Another agreement of {sla.service.name} is already called {sla.name}."
