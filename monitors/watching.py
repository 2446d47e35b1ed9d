"""What the page about the watching itself shows: gaps with what was said of them, components, and days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from ledger import texts
from monitors.gaps import CAUSES, COMPONENTS, ENGINE, SCOPES, covered_s
from monitors.models import ContinuityDay, GapNote, LifeSpan, Location, MonitoringGap

SHOWN_DAYS = 30
SHOWN_GAPS = 100
SIGNS_MISSED = timedelta(seconds=30)
TICKING = (ENGINE, "beat", "database")
WORDS = {
    "engine": "Engine: plans checks, judges, escalates",
    "beat": "Beat: brings the ticks; a watchdog steps in",
    "prober": "Prober: runs the checks",
    "sender": "Sender: sends pages and mail",
    "web": "Web: pages and API",
    "database": "Database: took what was written",
}


@dataclass(frozen=True)
class Component:
    """A component and its running span of life. silent: it was not heard lately."""

    name: str
    words: str
    span: LifeSpan | None
    silent: bool


@dataclass(frozen=True)
class Told:
    """A gap with its words and what people said about it, oldest first."""

    gap: MonitoringGap
    scope: str
    cause: str
    notes: Sequence[GapNote]


def limit(component: str) -> timedelta:
    """How long a component may be unheard before its span ends: by then a watchdog should have stepped in. Those that
    do not tick give a sign every few seconds, and miss three."""
    ticks = timedelta(seconds=settings.WATCHDOG_AFTER_S * 3)
    return ticks if component in TICKING else max(ticks, SIGNS_MISSED)


def gaps() -> QuerySet[MonitoringGap]:
    """All gaps with what a row of them shows."""
    return MonitoringGap.objects.select_related("location")


def told(found: Iterable[MonitoringGap]) -> list[Told]:
    """Gaps as they are shown: three queries for any number of them."""
    rows = list(found)
    notes: dict[int, list[GapNote]] = {}
    for note in GapNote.objects.filter(gap__in=rows).select_related("person").order_by("pk"):
        notes.setdefault(note.gap_id, []).append(note)
    tell_texts([note for some in notes.values() for note in some])
    return [Told(row, _scope(row), _cause(row), notes.get(row.pk, [])) for row in rows]


def tell_texts(notes: Sequence[GapNote]) -> None:
    """Put its text on each note, in one query; a redacted one says so."""
    bodies = texts.read_many({note.text_sha256 for note in notes}) if notes else {}
    for note in notes:
        note.text = bodies.get(note.text_sha256, texts.REMOVED)  # type: ignore[attr-defined]


def components(now: datetime) -> list[Component]:
    """Every component, heard or not."""
    spans = {span.component: span for span in LifeSpan.objects.filter(ended_at__isnull=True)}
    return [
        Component(name, WORDS[name], span, span is None or now - span.seen_at > 2 * limit(name))
        for name in COMPONENTS
        for span in [spans.get(name)]
    ]


def uncontrolled() -> list[Location]:
    """Locations that checks run from and that have no control target: a fault of our own network goes unnoticed."""
    used = Location.objects.in_force().filter(slots__next_due_at__isnull=False).distinct()
    return [one for one in used.order_by("name") if not one.control_targets]


def days() -> list[ContinuityDay]:
    """The newest days that were counted, newest first."""
    return list(ContinuityDay.objects.order_by("-day")[:SHOWN_DAYS])


def up_seconds(component: str, start: datetime, end: datetime) -> int | None:
    """Seconds of `[start, end)` in which a component was heard; None if nothing is known of so early a time."""
    first = LifeSpan.objects.filter(component=component).order_by("started_at").first()
    if first is None or first.started_at >= end:
        return None
    rows = LifeSpan.objects.filter(component=component, started_at__lt=end, seen_at__gte=start)
    return covered_s([(row.started_at, row.ended_at or row.seen_at) for row in rows], start, end)


def gaps_between(start: datetime, end: datetime) -> QuerySet[MonitoringGap]:
    """Gaps that share an instant with `[start, end)`, oldest first."""
    found = gaps().filter(started_at__lt=end).exclude(ended_at__lte=start)
    return found.order_by("started_at", "pk")


def lately(now: datetime, days_back: int = 90) -> list[Told]:
    """The newest gaps of the last days."""
    return told(gaps_between(now - timedelta(days=days_back), now + timedelta(days=1)).reverse()[:SHOWN_GAPS])


def _scope(gap: MonitoringGap) -> str:
    return f"{SCOPES[gap.scope]}: {gap.location.name}" if gap.location else SCOPES[gap.scope]


def _cause(gap: MonitoringGap) -> str:
    if not gap.step_s:
        return CAUSES[gap.cause]
    way = "forward" if gap.step_s > 0 else "back"
    return f"{CAUSES[gap.cause]} {way} by {abs(gap.step_s):,} s"
