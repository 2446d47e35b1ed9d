"""What lies over the measured states of an agreement's windows: planned work, and which of it takes time out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from monitors.availability import Stretch, Window
from monitors.maintenance_rules import NEVER, Contract, excludes
from monitors.models import MaintenanceSpan
from monitors.uptime import Overlays


def spans_between(start: datetime, end: datetime) -> list[MaintenanceSpan]:
    """Times of planned work that touch `[start, end)`, whatever became of them, by start: one query."""
    found = MaintenanceSpan.objects.filter(planned_start__lt=end, planned_end__gt=start)
    return list(found.order_by("planned_start", "part", "pk"))


def overlays_of(
    spans: Iterable[MaintenanceSpan], service_id: str, window: Window, contract: Contract, *, now: datetime
) -> Overlays:
    """Planned work over a service in one window, by what its agreement says of it. service_id: the public one.

    What qualifies is decided window by window, in the order in which it was planned, because the allowance is one
    window's. Work over single monitors of a service is not work over the service.
    """
    theirs = [span for span in spans if service_id in span.covered]
    excluded: list[Stretch] = []
    used = 0.0
    for span in theirs:
        rules = span.rules
        cut = replace(
            rules,
            planned_start=max(rules.planned_start, window.start),
            planned_end=min(rules.planned_end, window.end),
            ended_at=None if rules.ended_at is None else min(max(rules.ended_at, window.start), window.end),
        )
        if cut.planned_start >= cut.planned_end:
            continue
        if not excludes(rules, contract, used_s=used).counts:
            continue
        ruling = excludes(cut, contract, used_s=used)
        if ruling.start is not None and ruling.end is not None and ruling.start < ruling.end:
            excluded.append((ruling.start, ruling.end))
            used += ruling.seconds
    return Overlays(excluded=excluded, maintenance=maintenance_of(theirs, now=now))


def maintenance_of(spans: Sequence[MaintenanceSpan], *, now: datetime) -> list[Stretch]:
    """All planned work that took place or goes on, from when to when, of any standing."""
    held = [
        (span.started_at or span.planned_start, span.ended_at or span.planned_end)
        for span in spans
        if span.ending not in NEVER
    ]
    return [(start, min(end, now)) for start, end in held if start < min(end, now)]
