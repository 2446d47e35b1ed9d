"""The step that watches the watchers: spans of life of every component, gaps in monitoring, clocks that were put.

The first step of a tick, so that whatever judges a silence afterwards knows its cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from ledger.models import Liveness
from monitors.engine import witness
from monitors.engine.steps import repair_timetable
from monitors.gaps import COMPONENTS, ENGINE, PROBER, Before, GapCause, Scope, Step, cause_of_stop
from monitors.models import LifeSpan, Location, MonitoringGap
from monitors.services.gaps import overlapping, record_gap
from monitors.watching import limit

NOTED_EVERY = timedelta(seconds=5)


def watch(now: datetime) -> int:
    """Compare the clocks, continue the spans of components that were heard, write down gaps; return how many."""
    step = witness.eyes.look(witness.read_clocks(now))
    if step is not None:
        clock_was_put(step, now=now)
    names = {name for signs in COMPONENTS.values() for name in signs}
    signs = list(Liveness.objects.filter(component__in=names).values_list("component", "seen_at", "started_at"))
    spans = {span.component: span for span in LifeSpan.objects.filter(ended_at__isnull=True)}
    return sum(
        _follow(component, spans.get(component), [row for row in signs if row[0] in own], now)
        for component, own in COMPONENTS.items()
    )


def leave(components: Iterable[str], *, now: datetime) -> None:
    """Note that this process ends in good order: what follows is a stop and no crash."""
    LifeSpan.objects.filter(component__in=list(components), ended_at__isnull=True).update(stopped_at=now)


@transaction.atomic
def clock_was_put(step: Step, *, now: datetime) -> None:
    """Write down that the clock was put, once for all processes that saw it, and begin the spans of life anew.

    Where time comes twice the timetable goes on from now: it had been planned up to an hour that is yet to come.
    """
    open_spans = list(LifeSpan.objects.select_for_update().filter(ended_at__isnull=True).order_by("pk"))
    start, end = step.doubtful
    found = record_gap(
        scope=Scope.ALL,
        cause=GapCause.CLOCK_STEP,
        started_at=start,
        ended_at=end,
        step_s=round(step.by.total_seconds()),
        now=now,
    )
    if found is None:
        return
    for span in open_spans:
        _begin_anew(span, ended_at=max(span.seen_at, span.started_at), started_at=now, seen_at=now)
    if not step.forward:
        repair_timetable(now)


Sign = tuple[str, datetime, datetime]


def _follow(component: str, span: LifeSpan | None, signs: list[Sign], now: datetime) -> int:
    heard = [seen_at for _, seen_at, _ in signs if seen_at <= now]
    if component in (ENGINE, "database"):
        heard.append(now)  # this very tick is a sign of both, and the first after a silence
    if not heard:
        return 0
    last = max(heard)
    if span is None:
        begun = min((started_at for _, _, started_at in signs), default=now)
        LifeSpan.objects.get_or_create(
            component=component,
            ended_at=None,
            defaults={"started_at": min(begun, last), "seen_at": last, **_here()},
        )
        return 0
    quiet_from = max((seen_at for seen_at in heard if seen_at < last), default=span.seen_at)
    quiet_from = max(quiet_from, span.seen_at)
    if last - quiet_from > limit(component) and not _bridged(signs, last, quiet_from):
        return _ended(span, quiet_from, last, now)
    if last - span.seen_at >= NOTED_EVERY:
        LifeSpan.objects.filter(pk=span.pk, ended_at__isnull=True, seen_at=span.seen_at).update(
            seen_at=last, stopped_at=None, **_here()
        )
    return 0


def _bridged(signs: list[Sign], last: datetime, quiet_from: datetime) -> bool:
    """Whether the silence was ours: a process that lived through it gave signs that nobody noted down meanwhile."""
    unwatched = MonitoringGap.objects.filter(scope=Scope.ALL, ended_at__gt=quiet_from, started_at__lt=last)
    lived = any(seen_at == last and started_at <= quiet_from for _, seen_at, started_at in signs)
    return lived and unwatched.exists()


@transaction.atomic
def _ended(span: LifeSpan, quiet_from: datetime, heard_at: datetime, now: datetime) -> int:
    """A component was silent and is heard again: its span ends where it fell silent. One process writes it."""
    held = LifeSpan.objects.select_for_update().filter(pk=span.pk, ended_at__isnull=True, seen_at=span.seen_at).first()
    if held is None:
        return 0
    _begin_anew(held, ended_at=quiet_from, started_at=heard_at, seen_at=heard_at)
    if span.component == ENGINE:
        cause = _cause(held, quiet_from, now)
        return record_gap(scope=Scope.ALL, cause=cause, started_at=quiet_from, ended_at=heard_at, now=now) is not None
    if span.component == PROBER and not overlapping(quiet_from, heard_at).exists():
        where = Location.objects.in_force().filter(name=settings.LOCATION).first()
        gap = where and record_gap(
            scope=Scope.LOCATION,
            location=where,
            cause=GapCause.UNKNOWN,
            started_at=quiet_from,
            ended_at=heard_at,
            now=now,
        )
        return gap is not None
    return 0


def _cause(span: LifeSpan, quiet_from: datetime, now: datetime) -> GapCause:
    stopped = span.stopped_at is not None and span.stopped_at >= quiet_from - limit(ENGINE)
    before = Before(quiet_from, span.boot, stopped)
    seen = witness.eyes.testify(now - quiet_from, witness.boot_id())
    return GapCause.UNKNOWN if seen is None else cause_of_stop(before, seen)


def _begin_anew(span: LifeSpan, *, ended_at: datetime, started_at: datetime, seen_at: datetime) -> None:
    span.ended_at, span.seen_at = ended_at, ended_at
    span.save(update_fields=["ended_at", "seen_at"])
    LifeSpan.objects.create(component=span.component, started_at=started_at, seen_at=seen_at, **_here())


def _here() -> dict[str, str]:
    return {"boot": witness.boot_id(), "version": settings.VERSION}
