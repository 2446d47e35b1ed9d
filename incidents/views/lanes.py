"""The rows of an incident's axis: one a monitor with its checks, one a person with what is known of their pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.models import Alert
from incidents.observed import Check, Stretch, checks_between, stretches_between
from monitors.models import Monitor
from oncall.models import Page
from oncall.notify.states import AFTERWARDS

MOST_TICKS = 240
FACTS = (
    ("accepted_at", "m-accepted"),
    ("delivered_at", "m-delivered"),
    ("answered_at", "m-answered"),
    ("confirmed_at", "m-confirmed"),
)


@dataclass(frozen=True)
class Lane:
    """One row. kind says how `marks` are drawn: ticks (instant, state), strip (start, end, state), points."""

    name: str
    kind: str
    marks: Sequence[Any]
    label: str


def lanes_of(
    alerts: Iterable[Alert], pages: Iterable[Page], *, start: datetime, end: datetime, now: datetime
) -> list[Lane]:
    """Monitors first, then people in the order in which they were paged. Three queries at most."""
    monitors = list({alert.monitor_id: alert.monitor for alert in alerts if alert.monitor}.values())
    until = min(end, now)
    checks = checks_between(monitors, start, until, most=MOST_TICKS)
    rest = [monitor for monitor in monitors if monitor.pk not in checks]
    stretches = stretches_between(rest, start, until, now=now) if rest else {}
    return [_checks(monitor, checks, stretches) for monitor in monitors] + _people(pages)


def _checks(monitor: Monitor, checks: dict[int, list[Check]], stretches: dict[int, list[Stretch]]) -> Lane:
    """Single checks while they can be told apart, else what they add up to."""
    name, marks = monitor.name, checks.get(monitor.pk)
    if marks:
        bad = sum(1 for _, state in marks if state == "down")
        return Lane(name, "ticks", marks, f"{name}: {len(marks)} checks, {bad} failed")
    spans = stretches.get(monitor.pk, [])
    down = sum(1 for _, _, state in spans if state == "down")
    return Lane(name, "strip", spans, f"{name}: down {down} times in this span")


def _people(pages: Iterable[Page]) -> list[Lane]:
    by_person: dict[int, list[Page]] = {}
    for page in pages:
        if page.origin not in AFTERWARDS:
            by_person.setdefault(page.person_id, []).append(page)
    return [lane for theirs in by_person.values() if (lane := _person(theirs))]


def _person(theirs: list[Page]) -> Lane | None:
    marks = sorted((at, symbol, "") for page in theirs for at, symbol in _known(page))
    if not marks:
        return None
    confirmed = next((page for page in theirs if page.confirmed_at), None)
    if confirmed:
        marks = [(at, symbol, "confirmed" if symbol == "m-confirmed" else "") for at, symbol, _ in marks]
    name = theirs[0].person_name
    end = "confirmed" if confirmed else "not confirmed"
    return Lane(name, "points", marks, f"{name}: {len(theirs)} pages, {end}")


def _known(page: Page) -> Iterable[tuple[datetime, str]]:
    """The highest fact of reaching the device, and the two of a person: three marks a page at most."""
    reached = page.delivered_at or page.accepted_at
    if reached:
        yield reached, "m-delivered" if page.delivered_at else "m-accepted"
    for field, symbol in FACTS[2:]:
        if at := getattr(page, field):
            yield at, symbol
