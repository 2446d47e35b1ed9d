"""What the monitor pages show: rows gathered with a constant number of queries, however many monitors there are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from django.db.models import Count, F, Q, QuerySet

from monitors.believed import believed, stretches
from monitors.days import Calendar, Day, Span, calendar, cut, summary
from monitors.models import Monitor, MonitorState, ProbeSlot, Result, Rule, Service, StateInterval, System
from monitors.states import CAUSES

DAYS = 90
STATES = ("down", "degraded", "unknown", "paused", "up")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Row:
    """A monitor on a list: what is true of it now, and its days."""

    monitor: Monitor
    state: str
    since: datetime | None
    standing: MonitorState | None
    days: list[Day] = field(default_factory=list)

    @property
    def answer_ms(self) -> float:
        """How long the last check took."""
        return self.standing.seen_total_us / 1000 if self.standing else 0.0

    @property
    def day_states(self) -> list[str]:
        """The worst state of each day, for the mini bar."""
        return [day.state for day in self.days]

    @property
    def day_words(self) -> str:
        """The same in words."""
        return summary(self.days)


@dataclass(frozen=True)
class Filter:
    """What a reader narrowed the list to."""

    text: str = ""
    service: str = ""
    states: tuple[str, ...] = ()


def state_now(monitor: Monitor, now: datetime) -> tuple[str, datetime | None, MonitorState | None]:
    """The state a monitor may claim at `now`, since when, and its standing: unknown once its last result no longer speaks."""
    standing: MonitorState | None = getattr(monitor, "standing", None) if hasattr(monitor, "standing") else None
    if standing is None:
        return "unknown", None, None
    state, since = believed(standing.state, standing.since, standing.covered_until, standing.silent_at, now)
    return state, since, standing


def rows(monitors: Iterable[Monitor], *, now: datetime) -> list[Row]:
    """Rows without days for monitors loaded with `standing` and `service`: no query."""
    return [Row(monitor, *state_now(monitor, now)) for monitor in monitors]


def with_days(found: Sequence[Row], *, now: datetime, zone: tzinfo) -> list[Row]:
    """The rows of one page with their days: one query for all of them."""
    over = calendar(now, DAYS, zone)
    spans = spans_by_monitor([row.monitor.pk for row in found], over, now)
    return [replace(row, days=cut(spans[row.monitor.pk], over)) for row in found]


def spans_by_monitor(keys: Iterable[int], over: Calendar, now: datetime) -> dict[int, list[Span]]:
    """Recorded intervals of several monitors that touch the calendar, in one query."""
    touching = Q(ended_at__isnull=True) | Q(ended_at__gt=over.bounds[0])
    found = StateInterval.objects.filter(touching, monitor__in=list(keys)).order_by("started_at")
    spans: dict[int, list[Span]] = defaultdict(list)
    silent = "monitor__standing__silent_at"
    for row in found.values_list("monitor_id", "state", "started_at", "ended_at", "covered_until", silent):
        spans[row[0]] += spans_of(*row[1:], now)
    return spans


def spans_of(
    state: str,
    start: datetime,
    end: datetime | None,
    covered: datetime | None,
    silent: datetime | None,
    now: datetime,
) -> list[Span]:
    """One interval as spans up to `now`; an open one that fell silent is unknown from where it is no longer covered."""
    return [Span(*stretch) for stretch in stretches(state, start, end, covered, silent, now)]


def monitors_in_force() -> QuerySet[Monitor]:
    """Monitors with all a list row needs, by service and name."""
    found = Monitor.objects.in_force().select_related("service", "team", "standing")
    return found.order_by("service__name", "name", "pk")


def narrowed(found: list[Row], wanted: Filter) -> list[Row]:
    """Rows that fit the filter, the worst state first."""
    text = wanted.text.casefold()
    kept = [
        row
        for row in found
        if (not wanted.states or row.state in wanted.states)
        and (not wanted.service or row.monitor.service.public_id == wanted.service)
        and (text in row.monitor.name.casefold() or text in row.monitor.url.casefold())
    ]
    return sorted(kept, key=lambda row: STATES.index(row.state))


def counts(found: Iterable[Row]) -> dict[str, int]:
    """How many monitors are in each state, all states named."""
    held = dict.fromkeys(STATES, 0)
    for row in found:
        held[row.state] += 1
    return held


def month_marks(days: Sequence[Day]) -> list[tuple[int, str]]:
    """Where a month begins on a day bar, and its name."""
    return [(index, MONTHS[day.date.month - 1]) for index, day in enumerate(days) if day.date.day == 1]


def down_rule(monitor: Monitor) -> Rule | None:
    """The newest rule of the condition down; of a retired monitor the one it last had."""
    return Rule.objects.filter(monitor=monitor, condition="down").order_by("-pk").first()


def recent_results(monitor: Monitor, *, now: datetime, hours: int, limit: int) -> list[Result]:
    """Results of the last hours, oldest first, at most `limit` of the newest."""
    since = now - timedelta(hours=hours)
    days = [(since + timedelta(days=ahead)).date() for ahead in range(hours // 24 + 2)]
    found = Result.objects.filter(day__in=days, monitor=monitor, planned_at__gte=since).order_by("-planned_at")
    return list(found[:limit])[::-1]


def services_in_force() -> QuerySet[Service]:
    """Services by name, with the number of their monitors and their systems' names."""
    live = Count("monitors", filter=Q(monitors__retired_at__isnull=True), distinct=True)
    return Service.objects.in_force().select_related("team", "owner").annotate(watched=live).order_by("name")


def systems_in_force() -> QuerySet[System]:
    """Systems of the inventory by name, with how many services run on them."""
    live = Count("service_systems", filter=Q(service_systems__retired_at__isnull=True), distinct=True)
    return System.objects.in_force().select_related("owner", "team").annotate(used_by=live).order_by("name")


def systems_of(service: Service) -> list[System]:
    """The systems a service runs on, by name."""
    links = service.service_systems.filter(retired_at__isnull=True, system__retired_at__isnull=True)
    return [link.system for link in links.select_related("system").order_by("system__name")]


def services_on(system: System) -> list[Service]:
    """The services that run on a system, by name."""
    links = system.service_systems.filter(retired_at__isnull=True, service__retired_at__isnull=True)
    return [link.service for link in links.select_related("service").order_by("service__name")]


def monitors_of(service: Service) -> QuerySet[Monitor]:
    """Monitors of a service in force."""
    return monitors_in_force().filter(service=service)


@dataclass(frozen=True)
class IntervalRow:
    """An interval as the page lists it; an open one that is no longer covered is two rows."""

    state: str
    start: datetime
    end: datetime | None
    seconds: float
    why: str


def interval_rows(monitor: Monitor, *, now: datetime, limit: int) -> list[IntervalRow]:
    """The newest intervals of a monitor, newest first. They tile its life."""
    out: list[IntervalRow] = []
    found = StateInterval.objects.filter(monitor=monitor).annotate(silent_at=F("monitor__standing__silent_at"))
    for one in found.order_by("-started_at")[:limit]:
        spans = spans_of(one.state, one.started_at, one.ended_at, one.covered_until, one.silent_at, now)
        for index, span in reversed(list(enumerate(spans))):
            still = one.ended_at is None and index == len(spans) - 1
            why = "nothing was heard since" if index else one.detail or CAUSES.get(one.cause, one.cause)
            seconds = (span.end - span.start).total_seconds()
            out.append(IntervalRow(span.state, span.start, None if still else span.end, seconds, why))
    return out[:limit]


def unwatched_spans(monitor: Monitor, *, now: datetime, hours: int) -> list[tuple[datetime, datetime]]:
    """Stretches of the last hours that nobody watched."""
    since = now - timedelta(hours=hours)
    touching = Q(ended_at__isnull=True) | Q(ended_at__gt=since)
    found = StateInterval.objects.filter(touching, monitor=monitor).order_by("started_at")
    rows = found.values_list("state", "started_at", "ended_at", "covered_until", "monitor__standing__silent_at")
    spans = [span for row in rows for span in spans_of(*row, now)]
    return [(max(span.start, since), span.end) for span in spans if span.state == "unknown" and span.end > since]


def next_due(monitor: Monitor) -> datetime | None:
    """When the next check is planned; None for one that is paused or retired."""
    slots = ProbeSlot.objects.filter(monitor=monitor, next_due_at__isnull=False).order_by("next_due_at")
    return slots.values_list("next_due_at", flat=True).first()


def worst_states(*, now: datetime) -> dict[int, str]:
    """The worst state among the monitors of each service, by the service's key; one query."""
    worst: dict[int, str] = {}
    for row in rows(monitors_in_force(), now=now):
        key = row.monitor.service_id
        worst[key] = min(row.state, worst.get(key, "up"), key=STATES.index)
    return worst
