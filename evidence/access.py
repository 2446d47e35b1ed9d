"""The only door to the auditor's findings and the dead-man for screens and API.

Every member reads them, addresses masked; the dead-man is an admin's to change. What does not exist is 404.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from accounts.access import require
from evidence.models import AuditHour, DeadMan, SelfCheckFinding


def all_findings(user: Any) -> QuerySet[SelfCheckFinding]:
    """Every finding of the auditor. Raises PermissionDenied."""
    require(user, "read")
    return SelfCheckFinding.objects.all()


def get_finding(user: Any, public_id: str) -> SelfCheckFinding:
    """One finding. Raises Http404, PermissionDenied."""
    finding = all_findings(user).filter(public_id=public_id).first()
    if finding is None:
        raise Http404
    return finding


def all_hours(user: Any) -> QuerySet[AuditHour]:
    """The hours in which the auditor ran. Raises PermissionDenied."""
    require(user, "read")
    return AuditHour.objects.all()


def get_dead_man(user: Any, need: str = "read") -> DeadMan:
    """The dead-man, for who may do `need`. Raises PermissionDenied."""
    require(user, need)
    return DeadMan.current()
