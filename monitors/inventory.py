"""A service and the systems it runs on, changed together: one form, one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from monitors.models import Service, System
from monitors.services import change_service, create_service, set_systems


@transaction.atomic
def create_service_whole(fields: Mapping[str, Any], systems: list[System], *, now: datetime, reason: str) -> Service:
    """Make a service with its systems. Raises ValidationError by field."""
    service = create_service(**fields, now=now, reason=reason)
    set_systems(service, systems, now=now, reason=reason)
    return service


@transaction.atomic
def change_service_whole(
    service: Service,
    fields: Mapping[str, Any],
    systems: list[System],
    *,
    now: datetime,
    reason: str,
    expected_version: int,
) -> None:
    """Change a service and say which systems it runs on. Raises ValidationError by field, StaleVersion."""
    change_service(service, fields, now=now, reason=reason, expected_version=expected_version)
    set_systems(service, systems, now=now, reason=reason)
