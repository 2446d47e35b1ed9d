"""The times of maintenance windows: written down ahead, begun, extended, ended. Facts that only grow."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from ledger.record import instant, record
from ledger.texts import keep
from monitors.maintenance_rules import (
    CANCELLED,
    ENDED,
    ENDED_EARLY,
    LAPSED,
    muting,
)
from monitors.models import MaintenanceSpan, MaintenanceWindow
from monitors.recurrence import MOST, occurrences, read_plan
from monitors.services.refusals import refusal

AHEAD = timedelta(days=60)
# the horizon moves on once a day, not with every tick
AHEAD_LEAST = timedelta(days=59)
BATCH = 100
# a single window may lie anywhere in time; a series is written down piece by piece
ANYWHERE = timedelta(days=366 * 200)


def materialise(window: MaintenanceWindow, *, now: datetime) -> int:
    """Write down the times of the coming 60 days that are not yet; return how many. In the caller's transaction.

    A time that is recorded after it began is flagged and excludes nothing; one that is over is a statement only.
    """
    plan = read_plan(window.zone, window.starts, window.length_s, window.rrule)
    since = window.recorded_until or (window.terms_at if window.rrule else now - ANYWHERE)
    until = now + (AHEAD if window.rrule else ANYWHERE)
    held = set(window.spans.filter(terms=window.terms, part=0).values_list("occurrence", flat=True))
    spans = [_span(window, start, end, now) for start, end in occurrences(plan, since, until) if start not in held]
    MaintenanceSpan.objects.bulk_create(spans)
    window.recorded_until = until
    window.save(now=now)
    if spans:
        said = [
            {"id": span.public_id, "start": instant(span.planned_start), "end": instant(span.planned_end)}
            for span in spans
        ]
        record(
            "maintenance.recorded", [window, *spans],
            {"terms": window.terms, "covered": window.covered, "spans": said}, now=now,
        )  # fmt: skip
    return len(spans)


@transaction.atomic
def extend(span: MaintenanceSpan, until: datetime, *, by: User | None, now: datetime, reason: str) -> MaintenanceSpan:
    """Let a window in progress go on until `until`: a part of its own, which mutes but excludes nothing.

    Raises ValidationError unless it is in progress, and if `until` is no later than its end or 14 days away.
    """
    window = MaintenanceWindow.objects.select_for_update().get(pk=span.window_id)
    parts = list(
        window.spans.filter(terms=span.terms, occurrence=span.occurrence, ending__isnull=True).order_by("part")
    )
    last = parts[-1] if parts else span
    if not any(_holds(part, now) for part in parts):
        raise refusal("until", "Only a window in progress can be extended. Plan a new one.", "conflict")
    if until <= last.planned_end:
        raise refusal("until", "It lasts until then already. Choose a later end.")
    if until - now > MOST:
        raise refusal("until", "A window can be extended by 14 days at most.")
    begun = _span(window, last.planned_end, until, now, occurrence=span.occurrence, part=last.part + 1)
    begun.terms, begun.covered, begun.requested_by = span.terms, span.covered, by
    begun.announced_at = begun.approved_at = begun.approved_by = begun.approved_alone = None
    begun.save()
    said = {"from": instant(last.planned_end), "to": instant(until), "reason": keep(reason, now=now)}
    record("maintenance.extended", [window, span, begun], said, now=now)
    return begun


@transaction.atomic
def end_early(span: MaintenanceSpan, *, now: datetime, reason: str) -> None:
    """End a window in progress now; the rest of its time is given back. Raises ValidationError unless it is."""
    window = MaintenanceWindow.objects.select_for_update().get(pk=span.window_id)
    parts = window.spans.filter(terms=span.terms, occurrence=span.occurrence, ending__isnull=True)
    parts = parts.select_related("window").order_by("part")
    running_parts = [part for part in parts if _holds(part, now)]
    if not running_parts:
        raise refusal("span", "It is not in progress.", "conflict")
    for part in parts:
        if part in running_parts:
            _begin(part, now)
            close(part, ENDED_EARLY, ended_at=now, reason=reason, now=now)
        elif part.planned_start > now:
            close(part, CANCELLED, ended_at=None, reason=reason, now=now)


@transaction.atomic
def cancel_time(span: MaintenanceSpan, *, now: datetime, reason: str) -> None:
    """Leave out one time of a window that has not begun. Raises ValidationError if it has, or is over."""
    window = MaintenanceWindow.objects.select_for_update().get(pk=span.window_id)
    span = window.spans.select_related("window").get(pk=span.pk)
    if span.ending or _holds(span, now):
        raise refusal("span", "It has begun already. End it early instead.", "conflict")
    close(span, CANCELLED, ended_at=None, reason=reason, now=now)


def close(span: MaintenanceSpan, ending: str, *, ended_at: datetime | None, reason: str, now: datetime) -> None:
    """Write down, once, that and how a time of a window is over. In the caller's transaction."""
    sha = keep(reason, now=now)
    changed = MaintenanceSpan.objects.filter(pk=span.pk, ending__isnull=True).update(
        ending=ending, ended_at=ended_at, ending_sha256=sha or None, closed_at=now
    )
    if changed:
        said = {"how": ending, "at": instant(ended_at) if ended_at else None, "reason": sha}
        record("maintenance.closed", [span.window, span], said, now=now)


def turn(now: datetime) -> int:
    """Begin and end what is due, and write down coming times; return how many changed. A step of the engine.

    Dated by the plan, not by the tick: a window begins and ends when it was to, also while the engine stood still.
    """
    return _begin_due(now) + _end_due(now) + _write_ahead(now)


def running(window: MaintenanceWindow, *, now: datetime) -> list[MaintenanceSpan]:
    """Its times in progress at an instant."""
    return [span for span in window.spans.filter(ending__isnull=True, planned_start__lte=now) if _holds(span, now)]


def _begin_due(now: datetime) -> int:
    due = MaintenanceSpan.objects.filter(ending__isnull=True, started_at__isnull=True, planned_start__lte=now)
    due = due.filter(Q(approved_at__isnull=False) | Q(part__gt=0)).select_related("window").order_by("planned_start")
    return sum(_begin(span, now) for span in due[:BATCH])


@transaction.atomic
def _begin(span: MaintenanceSpan, now: datetime) -> int:
    held = muting(span.rules)
    if held is None or held[0] > now:
        return 0
    changed = MaintenanceSpan.objects.filter(pk=span.pk, started_at__isnull=True).update(started_at=held[0])
    if changed:
        record("maintenance.started", [span.window, span], {"at": instant(held[0])}, now=now)
    return changed


def _end_due(now: datetime) -> int:
    due = MaintenanceSpan.objects.filter(ending__isnull=True, planned_end__lte=now).select_related("window")
    done = 0
    for span in due.order_by("planned_end")[:BATCH]:
        with transaction.atomic():
            MaintenanceWindow.objects.select_for_update().get(pk=span.window_id)
            ended = muting(span.rules) is not None
            close(span, ENDED if ended else LAPSED, ended_at=span.planned_end if ended else None, reason="", now=now)
            done += 1
    return done


def _write_ahead(now: datetime) -> int:
    series = MaintenanceWindow.objects.in_force().exclude(rrule="").filter(recorded_until__lt=now + AHEAD_LEAST)
    done = 0
    for key in series.order_by("pk").values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            window = MaintenanceWindow.objects.select_for_update().get(pk=key)
            if window.retired_at is None and window.recorded_until and window.recorded_until < now + AHEAD_LEAST:
                done += materialise(window, now=now)
    return done


def _holds(span: MaintenanceSpan, now: datetime) -> bool:
    held = muting(span.rules)
    return held is not None and held[0] <= now < held[1]


def _span(
    window: MaintenanceWindow,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    occurrence: datetime | None = None,
    part: int = 0,
) -> MaintenanceSpan:
    over = end <= now
    return MaintenanceSpan(
        window=window,
        terms=window.terms,
        occurrence=occurrence or start,
        part=part,
        planned_start=start,
        planned_end=end,
        covered=window.covered,
        recorded_at=now,
        retroactive=now >= start,
        requested_by=window.requested_by,
        announced_at=window.announced_at,
        approved_at=window.approved_at,
        approved_by=window.approved_by,
        approved_alone=window.approved_alone if window.approved_at else None,
        started_at=start if over else None,
        ended_at=end if over else None,
        ending=ENDED if over else None,
        closed_at=now if over else None,
    )
