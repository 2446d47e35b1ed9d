"""Systems and services: making, changing and retiring them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from ledger.tracked import Tracked
from monitors.models import Monitor, Service, ServiceSystem, System
from monitors.service_uses import uses_of
from monitors.services.refusals import name_once, refusal

NAME_MAX = 120
SERVICE_FIELDS = frozenset({"name", "team", "owner", "description"})
SYSTEM_FIELDS = SERVICE_FIELDS | {"system_class", "environment", "scope_from", "scope_until"}


def create_service(*, name: str, now: datetime, reason: str = "", **fields: Any) -> Service:
    """Make a service. fields: team, owner, description. Raises ValidationError."""
    return _save(Service(), {"name": name, **fields}, SERVICE_FIELDS, now=now, reason=reason)


def change_service(
    service: Service,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> Service:
    """Change some fields of a service. Raises ValidationError, StaleVersion."""
    return _save(service, changes, SERVICE_FIELDS, now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def retire_service(service: Service, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a service out of force. Raises ValidationError while monitors watch it or a page shows it."""
    watched = Monitor.objects.in_force().filter(service=service).count()
    if watched:
        raise refusal("service", f"{watched} monitors still watch {service.name}. Retire or move them first.", "in_use")
    uses = uses_of(service)
    if uses:
        raise refusal(
            "service", f"{service.name} is still shown on {', '.join(uses)}. Take it off there first.", "in_use"
        )
    service.retire(now=now, reason=reason, expected_version=expected_version)


def create_system(*, name: str, now: datetime, reason: str = "", **fields: Any) -> System:
    """Make a row of the inventory. fields: those of System. Raises ValidationError."""
    return _save(System(), {"name": name, **fields}, SYSTEM_FIELDS, now=now, reason=reason)


def change_system(
    system: System, changes: Mapping[str, Any], *, now: datetime, reason: str = "", expected_version: int | None = None
) -> System:
    """Change some fields of a system. Raises ValidationError, StaleVersion."""
    return _save(system, changes, SYSTEM_FIELDS, now=now, reason=reason, expected_version=expected_version)


def retire_system(system: System, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a system out of force; what it was stays in history."""
    system.retire(now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def set_systems(service: Service, systems: list[System], *, now: datetime, reason: str = "") -> None:
    """Say which systems a service runs on: links that are missing are made, the others retired."""
    held = {link.system_id: link for link in ServiceSystem.objects.in_force().filter(service=service)}
    wanted = {system.pk: system for system in systems}
    for system_id, link in held.items():
        if system_id not in wanted:
            link.retire(now=now, reason=reason)
    for system_id, system in wanted.items():
        if system_id not in held:
            ServiceSystem(service=service, system=system).save(now=now, reason=reason)


def _save(
    obj: Any,
    changes: Mapping[str, Any],
    allowed: frozenset[str],
    *,
    now: datetime,
    reason: str,
    expected_version: int | None = None,
) -> Any:
    unknown = set(changes) - allowed
    if unknown:
        raise TypeError(f"{type(obj).__name__} has no {', '.join(sorted(unknown))} to change")
    for name, value in changes.items():
        setattr(obj, name, value.strip() if isinstance(value, str) else value)
    _check(obj)
    with name_once(_taken(obj)):
        obj.save(now=now, reason=reason, expected_version=expected_version)
    return obj


def _check(obj: Any) -> None:
    if not obj.name or len(obj.name) > NAME_MAX:
        raise refusal("name", f"Give it a name of at most {NAME_MAX} characters.")
    if type(obj).objects.in_force().filter(name__iexact=obj.name).exclude(pk=obj.pk).exists():
        raise refusal("name", _taken(obj), "taken")
    if isinstance(obj, System) and obj.scope_from and obj.scope_until and obj.scope_until <= obj.scope_from:
        raise refusal("scope_until", "A system leaves scope after it entered it.")


def _taken(obj: Tracked) -> str:
    return f"Another {type(obj).__name__.lower()} is already called {getattr(obj, 'name', '')}."
