"""When a post-mortem is owed, by when, and what it must hold. Standard library only; docs/post-mortems.md has the rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from postmortems.sections import ALL

# days from the end of the incident to the published post-mortem, by the worst severity it ever had
DAYS: dict[int, int] = {1: 5, 2: 10}
VERY_LATE = timedelta(days=30)  # an action item later than this is a finding
RULER_DAYS = 30


@dataclass(frozen=True)
class Requirement:
    """Whether one is owed, because of what, until when."""

    required: bool
    because: str
    due_at: datetime | None


def requirement(severity: int, severity_initial: int, resolved_at: datetime) -> Requirement:
    """What is owed for an incident that ended at `resolved_at`.

    The worst severity counts: one that was made milder afterwards still owes its post-mortem.
    """
    worst = min(severity, severity_initial)
    if worst not in DAYS:
        return Requirement(False, "", None)
    return Requirement(True, f"SEV{worst}", resolved_at + timedelta(days=DAYS[worst]))


def number_for(incident_number: str) -> str:
    """`INC-2026-0042` → `PM-2026-0042`: an incident has one, and its number says whose it is."""
    return f"PM-{incident_number.removeprefix('INC-')}"


def action_number(year: int, serial: int) -> str:
    """`2026, 31` → `ACT-2026-0031`."""
    return f"ACT-{year:04d}-{serial:04d}"


def missing(
    texts: Mapping[str, bool], *, category: str, runbook_answered: bool, required: bool, actions: int
) -> dict[str, str]:
    """What stands between a draft and its approval: a sentence by field, empty when nothing does.

    texts: for each section, whether it has words. actions: items that were not dropped.
    """
    found = {
        section.key: f"{section.title} is empty. {section.ask}"
        for section in ALL
        if section.needed and not texts.get(section.key)
    }
    if not category:
        found["root_cause_category"] = "Choose the kind of root cause, or say that it is not known."
    if not runbook_answered:
        found["runbook_changed"] = "Say whether a runbook was changed because of this incident."
    if required and not actions:
        found["actions"] = "There is no action item: what will make this less likely, shorter or sooner seen?"
    return found


def document_hash(
    number: str, revision: int, category: str, runbook_changed: bool | None, sections: Mapping[str, str]
) -> str:
    """SHA-256 of the document as one line of sorted JSON; sections are hashes of their texts."""
    whole = {
        "number": number,
        "revision": revision,
        "root_cause_category": category,
        "runbook_changed": runbook_changed,
        "sections": dict(sections),
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def days_late(due_on: date, today: date) -> int:
    """Whole days after the day it was due; 0 until that day is over."""
    return max(0, (today - due_on).days)


def ruler(created_on: date, due_on: date, ended_on: date | None, today: date) -> list[str]:
    """The last thirty days of an item, oldest first, one word a day: short while there is time, taller once it is late.

    `none` before it was there and after it ended, `up` in time, `degraded` late, `down` later than thirty days.
    """
    days = [today - timedelta(days=back) for back in reversed(range(RULER_DAYS))]
    return [_word(day, created_on, due_on, ended_on) for day in days]


def _word(day: date, created_on: date, due_on: date, ended_on: date | None) -> str:
    if day < created_on or (ended_on is not None and day > ended_on):
        return "none"
    if day <= due_on:
        return "up"
    return "down" if day - due_on > VERY_LATE else "degraded"
