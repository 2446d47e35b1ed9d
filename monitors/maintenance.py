"""Reads about maintenance windows: what is muted now, what comes, what was. `now` is always an argument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from monitors.maintenance_rules import NEVER, muting, state_of
from monitors.models import MaintenanceSpan, MaintenanceWindow, Monitor, Service

COMING = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Muted:
    """A window in force at an instant: which, over what, `[start, end)`."""

    window: str
    covered: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Time:
    """One time of a window as screens tell it. state: a word of `maintenance_rules`."""

    span: MaintenanceSpan
    state: str
    start: datetime
    end: datetime

    @property
    def window(self) -> MaintenanceWindow:
        """The window it is a time of."""
        return self.span.window

    @property
    def in_progress(self) -> bool:
        """Whether it mutes now."""
        return self.state in ("active", "extended")


def muted_at(now: datetime) -> list[Muted]:
    """Windows in force at `now`, by the plan and its approval, whether or not the engine has written that down."""
    found = []
    for span in _around(now, now).select_related("window"):
        held = muting(span.rules)
        if held is not None and held[0] <= now < held[1]:
            found.append(Muted(span.window.public_id, tuple(span.covered), *held))
    return found


def windows_in_force() -> QuerySet[MaintenanceWindow]:
    """Windows that were not cancelled, newest first."""
    found = MaintenanceWindow.objects.in_force().select_related("team", "requested_by", "approved_by")
    return found.order_by("-pk")


def times_between(start: datetime, end: datetime, *, now: datetime) -> list[Time]:
    """Every time that took place or may still in `[start, end)`, by start; cancelled and replaced ones are left out."""
    spans = _around(start, end).exclude(ending__in=NEVER).select_related("window", "requested_by")
    return [time_of(span, now=now) for span in spans.order_by("planned_start", "pk")]


def coming(*, now: datetime, within: timedelta = COMING) -> list[Time]:
    """What is in progress, and what comes within a span of time."""
    found = times_between(now, now + within, now=now)
    return [one for one in found if one.end > now and not one.span.ending]


def times_of(window: MaintenanceWindow, *, now: datetime) -> list[Time]:
    """All times of a window that are recorded, newest first, cancelled ones too."""
    spans = window.spans.select_related("window", "requested_by", "approved_by").order_by(
        "-planned_start", "-part", "-pk"
    )
    return [time_of(span, now=now) for span in spans]


def time_of(span: MaintenanceSpan, *, now: datetime) -> Time:
    """One time with its state and the instants it has, or had."""
    rules = span.rules
    start = span.started_at or span.planned_start
    return Time(span, state_of(rules, now), start, span.ended_at or span.planned_end)


def covering(public_ids: Iterable[str], *, now: datetime, within: timedelta = COMING) -> list[Time]:
    """What is in progress or comes for any of these services and monitors."""
    wanted = set(public_ids)
    return [one for one in coming(now=now, within=within) if wanted & set(one.span.covered)]


def spans_over(service: Service, start: datetime, end: datetime) -> list[MaintenanceSpan]:
    """Times recorded over a service that touch `[start, end)`, whatever became of them, by start.

    A window over all monitors of a service but not the service itself is no window over the service: what is
    excluded from an agreement must say so.
    """
    found = (
        _around(start, end)
        .select_related("window", "requested_by", "approved_by")
        .order_by("planned_start", "part", "pk")
    )
    return [span for span in found if service.public_id in span.covered]


def named(public_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """(kind, public id, name) of covered services and monitors, services first, retired ones too."""
    services = Service.objects.filter(public_id__in=public_ids).order_by("name")
    monitors = (
        Monitor.objects.filter(public_id__in=public_ids).select_related("service").order_by("service__name", "name")
    )
    told = [("service", one.public_id, one.name) for one in services]
    return told + [("monitor", one.public_id, f"{one.name} of {one.service.name}") for one in monitors]


def _around(start: datetime, end: datetime) -> QuerySet[MaintenanceSpan]:
    """Spans planned to touch `[start, end]`."""
    return MaintenanceSpan.objects.filter(Q(planned_start__lte=end), Q(planned_end__gt=start))
