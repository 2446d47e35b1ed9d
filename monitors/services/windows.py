"""Maintenance windows: planning, changing, approving, announcing and cancelling them, one transaction each.

Rules in words: docs/maintenance.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.second_person import SamePerson, approves_alone
from ledger.record import record
from monitors.maintenance_rules import CANCELLED, SUPERSEDED
from monitors.models import MaintenanceSpan, MaintenanceWindow, Monitor, Service
from monitors.recurrence import Plan, RecurrenceError, read_plan
from monitors.services.refusals import refusal
from monitors.services.window_times import close, end_early, materialise, running

NAME_MAX, COVERED_MOST = 120, 200
TERMS = frozenset({"covered", "zone", "starts", "length_s", "rrule"})
FIELDS = TERMS | {"name", "description", "team"}


@transaction.atomic
def plan_window(
    *, by: User | None, now: datetime, reason: str = "", announced: bool = False, **fields: Any
) -> MaintenanceWindow:
    """Plan a window and write down when it happens in the coming 60 days; it mutes nothing until it is approved.

    fields: name, description, team, covered, zone, starts, length_s, rrule. announced: customers have been told.
    Raises ValidationError by field.
    """
    window = MaintenanceWindow(requested_by=by, terms_at=now, announced_at=now if announced else None)
    _put(window, fields)
    window.save(now=now, reason=reason)
    materialise(window, now=now)
    return window


@transaction.atomic
def change_window(
    window: MaintenanceWindow,
    changes: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> MaintenanceWindow:
    """Change what is planned; only times that have not begun follow it.

    If covered, zone, starts, length_s or rrule differ, the coming times are replaced, and approval and announcement
    have to be given anew. Raises ValidationError by field, StaleVersion.
    """
    window = _lock(window)
    before = {field: getattr(window, field) for field in TERMS}
    _put(window, changes)
    renewed = before != {field: getattr(window, field) for field in TERMS}
    if renewed:
        if not before["rrule"] and running(window, now=now):
            raise refusal("starts", "It is in progress: extend it, or end it early.", "conflict")
        window.terms, window.terms_at, window.recorded_until = window.terms + 1, now, None
        window.requested_by, window.approved_by, window.approved_at = by, None, None
        window.approved_alone, window.announced_at = False, None
    window.save(now=now, reason=reason, expected_version=expected_version)
    if renewed:
        for span in _coming(window, now):
            close(span, SUPERSEDED, ended_at=None, reason=reason, now=now)
        materialise(window, now=now)
    return window


@transaction.atomic
def approve_window(
    window: MaintenanceWindow, *, by: User, now: datetime, reason: str = "", expected_version: int | None = None
) -> MaintenanceWindow:
    """Approve what is planned, every time of it that is not over yet.

    By somebody else than who asked for it; if nobody else may, that is recorded as an exception. Raises
    ValidationError, StaleVersion.
    """
    window = _lock(window)
    if window.approved_at is not None:
        raise refusal("window", f"{window.name} is approved already.", "conflict")
    try:
        alone = approves_alone(window.requested_by, by, window)
    except SamePerson as error:
        raise refusal("window", str(error), "same_person") from None
    window.approved_by, window.approved_at, window.approved_alone = by, now, alone
    window.save(now=now, reason=reason, expected_version=expected_version)
    open_ones = window.spans.filter(terms=window.terms, ending__isnull=True, approved_at__isnull=True)
    spans = list(open_ones.values_list("public_id", flat=True))
    open_ones.update(approved_at=now, approved_by=by, approved_alone=alone)
    said = {"terms": window.terms, "by": by.public_id, "alone": alone, "spans": len(spans)}
    record("maintenance.approved", [window, *(("maintenancespan", one) for one in spans)], said, now=now)
    return window


@transaction.atomic
def announce_window(
    window: MaintenanceWindow, *, now: datetime, reason: str = "", expected_version: int | None = None
) -> MaintenanceWindow:
    """Record that customers have been told, now; an earlier instant cannot be claimed. Raises ValidationError, StaleVersion."""
    window = _lock(window)
    if window.announced_at is not None:
        raise refusal("window", f"{window.name} was announced already.", "conflict")
    window.announced_at = now
    window.save(now=now, reason=reason, expected_version=expected_version)
    coming = window.spans.filter(terms=window.terms, ending__isnull=True, announced_at__isnull=True)
    spans = list(coming.values_list("public_id", flat=True))
    coming.update(announced_at=now)
    told = [window, *(("maintenancespan", one) for one in spans)]
    record("maintenance.announced", told, {"terms": window.terms, "spans": len(spans)}, now=now)
    return window


@transaction.atomic
def cancel_window(
    window: MaintenanceWindow, *, now: datetime, reason: str, expected_version: int | None = None
) -> None:
    """Take a window out of force: what has not begun is cancelled, what is in progress ends now. Raises StaleVersion."""
    window = _lock(window)
    window.retire(now=now, reason=reason, expected_version=expected_version)
    for span in running(window, now=now):
        end_early(span, now=now, reason=reason)
    for span in window.spans.filter(ending__isnull=True):
        close(span, CANCELLED, ended_at=None, reason=reason, now=now)


def plan_of(window: MaintenanceWindow) -> Plan:
    """The plan of a window, as the recurrence reads it."""
    return read_plan(window.zone, window.starts, window.length_s, window.rrule)


def _lock(window: MaintenanceWindow) -> MaintenanceWindow:
    held = MaintenanceWindow.objects.select_for_update().get(pk=window.pk)
    if held.retired_at:
        raise refusal("window", f"{held.name} was cancelled.", "conflict")
    return held


def _coming(window: MaintenanceWindow, now: datetime) -> list[MaintenanceSpan]:
    return list(window.spans.filter(ending__isnull=True, planned_start__gt=now, part=0)) + list(
        window.spans.filter(ending__isnull=True, planned_start__lte=now, approved_at__isnull=True, part=0)
    )


def _put(window: MaintenanceWindow, fields: Mapping[str, Any]) -> None:
    unknown = set(fields) - FIELDS
    if unknown:
        raise TypeError(f"A window has no {', '.join(sorted(unknown))} to change")
    for name, value in fields.items():
        setattr(window, name, value.strip() if isinstance(value, str) else value)
    if not window.name or len(window.name) > NAME_MAX:
        raise refusal("name", f"Give it a name of at most {NAME_MAX} characters.")
    window.covered = _covered(window.covered)
    try:
        plan = read_plan(window.zone, window.starts, window.length_s or 0, window.rrule)
    except RecurrenceError as error:
        raise refusal(error.field, error.sentence) from None
    window.rrule = plan.rule


def _covered(ids: list[str]) -> list[str]:
    """The ids in order, each once, all of them of services and monitors in force."""
    wanted = sorted(set(ids))
    if not wanted:
        raise refusal("covered", "Name at least one service or monitor.")
    if len(wanted) > COVERED_MOST:
        raise refusal("covered", f"Name at most {COVERED_MOST}; cover their services instead.")
    known = set(Service.objects.in_force().filter(public_id__in=wanted).values_list("public_id", flat=True))
    known |= set(Monitor.objects.in_force().filter(public_id__in=wanted).values_list("public_id", flat=True))
    missing = [one for one in wanted if one not in known]
    if missing:
        raise refusal("covered", f"There is no service or monitor {missing[0]} in force.")
    return wanted
