"""The only door to seals, anchors, packs, findings and the dead-man for screens and API.

Every member reads them, addresses masked; outsiders and the dead-man are an admin's to change. What does not
exist is 404, what may be seen but not changed is 403.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from accounts.access import require
from evidence.models import Anchor, AuditHour, ClockReading, DeadMan, Pack, SelfCheckFinding
from ledger.models import Seal, SealKey


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


def all_readings(user: Any) -> QuerySet[ClockReading]:
    """Every look at the clocks. Raises PermissionDenied."""
    require(user, "read")
    return ClockReading.objects.all()


def get_dead_man(user: Any, need: str = "read") -> DeadMan:
    """The dead-man, for who may do `need`. Raises PermissionDenied."""
    require(user, need)
    return DeadMan.current()


def get_seal(user: Any, public_id: str) -> Seal:
    """A seal by its public id. Raises Http404, PermissionDenied."""
    return _found(user, Seal.objects.select_related("key").filter(public_id=public_id).first())


def get_seal_of(user: Any, day: str) -> Seal:
    """The seal of a day written `2026-03-17`. Raises Http404, PermissionDenied."""
    try:
        return _found(user, Seal.objects.select_related("key").filter(day=date.fromisoformat(day)).first())
    except ValueError as error:
        raise Http404 from error


def get_key(user: Any, fingerprint: str) -> SealKey:
    """A public key by its fingerprint. Raises Http404, PermissionDenied."""
    return _found(user, SealKey.objects.filter(fingerprint=fingerprint).first())


def get_anchor(user: Any, public_id: str, need: str = "read") -> Anchor:
    """An anchor in force, for somebody who may do `need`. Raises Http404, PermissionDenied."""
    anchor = _found(user, Anchor.objects.in_force().filter(public_id=public_id).first())
    require(user, need)
    return anchor


def get_pack(user: Any, public_id: str) -> Pack:
    """A pack that was made. Raises Http404, PermissionDenied."""
    return _found(user, Pack.objects.filter(public_id=public_id).first())


def _found(user: Any, obj: Any) -> Any:
    if not getattr(user, "is_authenticated", False) or obj is None:
        raise Http404
    require(user, "read")
    return obj
