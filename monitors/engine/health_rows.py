"""The rows of dependencies: what a new health document changes of them, in the transaction of the check's result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from ledger.crypto import fingerprint
from ledger.record import instant, record
from monitors.engine import bulk
from monitors.health import Known, Turn, chosen, fingerprint_of, turns
from monitors.kinds.health_document import Dependency
from monitors.models import HealthChange, HealthDependency, HealthReport, Monitor
from monitors.states import State

# Whoever runs the endpoint chooses what it says, so the rows it can make are few: new names by the day, changes by the hour.
NEW_A_DAY = 100
CHANGES_AN_HOUR = 600
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Document:
    """What one check was told. at: its slot; patience: for how long after it the next one goes on from it."""

    monitor_id: int
    location_id: int
    monitor_version: int
    at: datetime
    told: Sequence[Dependency]
    patience: timedelta


def keep_document(monitor: Monitor, document: Document, *, now: datetime) -> list[HealthChange]:
    """Write down what a document says anew; return the changes that became rows. One that is not newer changes nothing.

    In the caller's transaction, under the lock of the monitor's state row.
    """
    report = HealthReport.objects.filter(monitor=monitor, location=document.location_id).first()
    if report is not None and report.seen_at >= document.at:
        return []
    last = report.seen_at if report else None
    held = _held(document)
    kept = _within_the_day(document, chosen(document.told, held), held)
    known = {name: Known(State(row.state), row.said) for name, row in held.items()}
    made = turns(known, kept, at=document.at, last=last, patience=document.patience)
    changes = _write(document, made, held, {one.name: one.why for one in kept}, now=now)
    HealthReport.objects.update_or_create(
        monitor=monitor,
        location_id=document.location_id,
        defaults={
            "seen_at": document.at,
            "fingerprint": fingerprint_of(document.told),
            "left_out": len(document.told) - len(kept),
        },
    )
    if changes:
        _record(monitor, document, changes, now=now)
    return changes


def _rows(document: Document) -> QuerySet[HealthDependency]:
    return HealthDependency.objects.filter(monitor=document.monitor_id, location=document.location_id)


def _held(document: Document) -> dict[str, HealthDependency]:
    """Rows of the names it speaks of, and of those that were spoken of until now."""
    spoken = Q(name__in=[one.name for one in document.told]) | ~Q(state=State.UNKNOWN)
    return {row.name: row for row in _rows(document).filter(spoken)}


def _within_the_day(
    document: Document, kept: list[Dependency], held: Mapping[str, HealthDependency]
) -> list[Dependency]:
    """Leave out the new names that are too many for one day."""
    new = [one.name for one in kept if one.name not in held]
    if not new:
        return kept
    free = NEW_A_DAY - _rows(document).filter(first_seen_at__gt=document.at - DAY).count()
    refused = set(new[max(free, 0) :])
    return [one for one in kept if one.name not in refused]


def _write(
    document: Document,
    made: Sequence[Turn],
    held: dict[str, HealthDependency],
    reasons: Mapping[str, str],
    *,
    now: datetime,
) -> list[HealthChange]:
    """Bring the rows to what was said, and write as many of the changes as an hour may have."""
    free = CHANGES_AN_HOUR - _changes_of_the_hour(document) if made else 0
    touched: set[str] = set()
    changes = []
    for number, turn in enumerate(made):
        row = held.setdefault(turn.name, _new(document, turn.name))
        _turn(row, turn, document.at)
        touched.add(turn.name)
        if number < free:
            changes.append(_change(document, row, turn, now))
            row.left_out = 0
        else:
            row.left_out += 1
    for name, why in reasons.items():
        if held[name].why != why:
            held[name].why = why
            touched.add(name)
    rows = [held[name] for name in sorted(touched)]
    known = [row for row in rows if row.pk is not None]
    HealthDependency.objects.bulk_create([row for row in rows if row.pk is None])
    store = bulk.adapter()
    bulk.tell_dependencies(
        [
            (row.state, row.said, row.why, store(row.since), store(row.last_seen_at), row.left_out, row.pk)
            for row in known
        ]
    )
    for change in changes:
        change.dependency_id = change.dependency.pk  # that of a new row is known by now
    return HealthChange.objects.bulk_create(changes)


def _changes_of_the_hour(document: Document) -> int:
    rows = HealthChange.objects.filter(
        dependency__monitor=document.monitor_id, dependency__location=document.location_id, at__gt=document.at - HOUR
    )
    return rows.count()


def _new(document: Document, name: str) -> HealthDependency:
    return HealthDependency(
        monitor_id=document.monitor_id, location_id=document.location_id, name=name, first_seen_at=document.at
    )


def _turn(row: HealthDependency, turn: Turn, at: datetime) -> None:
    row.state, row.said, row.since = turn.state, turn.said, at
    if turn.state is not State.UNKNOWN:
        row.last_seen_at = at
    else:
        row.last_seen_at, row.why = turn.before_until or at, ""


def _change(document: Document, row: HealthDependency, turn: Turn, now: datetime) -> HealthChange:
    return HealthChange(
        dependency=row,
        monitor_version=document.monitor_version,
        at=document.at,
        recorded_at=now,
        state=turn.state,
        said=turn.said,
        before=turn.before or "",
        before_until=turn.before_until,
        left_out=row.left_out,
    )


def _record(monitor: Monitor, document: Document, changes: Sequence[HealthChange], *, now: datetime) -> None:
    """One line for all that a document changed. Names and words are the endpoint's: a keyed fingerprint stands for them."""
    told = [
        [one.public_id, one.state, fingerprint(f"{one.dependency.name}\n{one.said}", "health.said")] for one in changes
    ]
    record("health.dependencies_changed", [monitor, *changes], {"at": instant(document.at), "changes": told}, now=now)
