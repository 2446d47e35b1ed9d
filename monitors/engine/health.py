"""Health documents in the hand-over: an ordinary one moves one instant, and only what says something new is written out.

No question is asked of the database unless a result of the batch has such a document.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from monitors.engine import bulk
from monitors.engine.findings import Finding
from monitors.engine.health_rows import Document, keep_document
from monitors.health import fingerprint_of
from monitors.models import HealthReport, Monitor
from monitors.samples import LATE_AFTER


@dataclass(frozen=True, slots=True)
class Heard:
    """Documents of a batch. same: (instant, report) of those that say nothing new, by monitor. news: the others, in order."""

    same: dict[int, list[tuple[Any, int]]] = field(default_factory=dict)
    news: dict[int, list[Document]] = field(default_factory=dict)


NOTHING = Heard()


def documents(findings: Iterable[Finding], patience: timedelta, now: datetime) -> list[Document]:
    """What the checks of one monitor were told, in the order of their slots; what came late is left out."""
    return [
        Document(one.monitor_id, one.location_id, one.monitor_version, one.planned_at, one.trace.dependencies, patience)
        for one in findings
        if one.trace.dependencies is not None and now - one.planned_at <= LATE_AFTER
    ]


def hear(told: Iterable[Document]) -> Heard:
    """Compare documents with what was said before: one query for any number of them, none without any."""
    by_place: dict[tuple[int, int], list[Document]] = defaultdict(list)
    for document in told:
        by_place[document.monitor_id, document.location_id].append(document)
    if not by_place:
        return NOTHING
    rows = HealthReport.objects.filter(monitor__in={monitor_id for monitor_id, _ in by_place})
    held = {(row.monitor_id, row.location_id): row for row in rows}
    heard, store = Heard(), bulk.adapter()
    for key, found in by_place.items():
        report = held.get(key)
        fresh = [one for one in found if report is None or one.at > report.seen_at]
        if not fresh:
            continue
        if report is not None and _goes_on(report, fresh):
            heard.same.setdefault(key[0], []).append((store(fresh[-1].at), report.pk))
        else:
            heard.news.setdefault(key[0], []).extend(fresh)
    return heard


def keep(heard: Heard, monitor_ids: Collection[int], *, now: datetime) -> None:
    """Write what was heard of these monitors, in the caller's transaction and under the locks of their state rows."""
    bulk.speak([row for pk in monitor_ids for row in heard.same.get(pk, ())])
    told = [pk for pk in monitor_ids if pk in heard.news]
    monitors = Monitor.objects.defer("secrets").in_bulk(told) if told else {}
    for pk in told:
        for document in heard.news[pk]:
            keep_document(monitors[pk], document, now=now)


def _goes_on(report: HealthReport, fresh: list[Document]) -> bool:
    """Whether all of them say what was said before, and none came after a silence."""
    instants = [report.seen_at, *(one.at for one in fresh)]
    together = all(
        after - before <= one.patience for (before, after), one in zip(pairwise(instants), fresh, strict=True)
    )
    return together and all(fingerprint_of(one.told) == report.fingerprint for one in fresh)
