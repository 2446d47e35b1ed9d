"""What the monitor pages show: rows gathered with a constant number of queries, however many monitors there are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from django.db.models import Count, F, Q, QuerySet

from monitors.believed import believed, stretches
from monitors.composing import Piece, instant_of
from monitors.days import Day, calendar, cut, summary
from monitors.models import Monitor, MonitorState, ProbeSlot, Rule, Service, StateInterval, System
from monitors.queries import intervals
from monitors.samples import hours, samples
from monitors.states import CAUSES, State, worst
from monitors.together import Stretch
from monitors.tracewords import Curve, curve, curve_of_hours, hours_for
from monitors.uptime import lives_of

DAYS = 90
# how far back a curve of latency goes: its name in the address, and its words
SPANS = {"": "Newest", "week": "7 days", "quarter": "90 days", "year": "A year"}
SPAN_HOURS = {"week": 7 * 24, "quarter": 90 * 24, "year": 365 * 24}
BUCKETS = 96
MOST_SAMPLES = 12_000
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
    """The rows of one page with their days: three queries for all of them."""
    over = calendar(now, DAYS, zone)
    held = lives_of([row.monitor.pk for row in found], over.bounds[0], now, now=now)
    return [replace(row, days=cut(map(_stretch, held[row.monitor.pk]), over)) for row in found]


def _stretch(piece: Piece) -> Stretch:
    return Stretch(State(piece[2]), instant_of(piece[0]), instant_of(piece[1]))


def monitors_in_force() -> QuerySet[Monitor]:
    """Monitors with all a list row needs, by service and name."""
    found = Monitor.objects.in_force().select_related("service", "team", "standing")
    return found.order_by("service__name", "name", "pk")


def month_marks(days: Sequence[Day]) -> list[tuple[int, str]]:
    """Where a month begins on a day bar, and its name."""
    return [(index, MONTHS[day.date.month - 1]) for index, day in enumerate(days) if day.date.day == 1]


def down_rule(monitor: Monitor) -> Rule | None:
    """The newest rule of the condition down; of a retired monitor the one it last had."""
    return Rule.objects.filter(monitor=monitor, condition="down").order_by("-pk").first()


def latency(monitor: Monitor, span: str, *, now: datetime) -> Curve:
    """The curve of one span of SPANS: out of samples while they are few, else out of what the hours came to."""
    newest = hours_for(monitor.interval_s, now - (monitor.created_at or now))
    back = SPAN_HOURS.get(span, newest)
    start, gaps = now - timedelta(hours=back), unwatched_spans(monitor, now=now, hours=back)
    if back * 3600 / monitor.interval_s <= MOST_SAMPLES:
        found = samples([monitor.pk], start, now).get(monitor.pk, [])
        return curve(found, end=now, hours=back, buckets=BUCKETS, unwatched=gaps)
    return curve_of_hours(hours(monitor.pk, start, now), end=now, hours=back, buckets=BUCKETS, unwatched=gaps)


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
    interval: str = ""


def interval_rows(monitor: Monitor, *, now: datetime, limit: int) -> list[IntervalRow]:
    """The newest intervals of a monitor, newest first. They tile its life."""
    out: list[IntervalRow] = []
    found = StateInterval.objects.filter(monitor=monitor).annotate(silent_at=F("monitor__standing__silent_at"))
    for one in found.order_by("-started_at")[:limit]:
        told = stretches(one.state, one.started_at, one.ended_at, one.covered_until, one.silent_at, now)
        for index, (start, end, state) in reversed(list(enumerate(told))):
            still = one.ended_at is None and index == len(told) - 1
            why = "nothing was heard since" if index else one.detail or CAUSES.get(one.cause, one.cause)
            out.append(
                IntervalRow(state, start, None if still else end, (end - start).total_seconds(), why, one.public_id)
            )
    return out[:limit]


def unwatched_spans(monitor: Monitor, *, now: datetime, hours: int) -> list[tuple[datetime, datetime]]:
    """Stretches of the last hours that nobody watched."""
    told = intervals(monitor, now - timedelta(hours=hours), now, now)
    return [(span.start, span.end) for span in told if span.state == "unknown"]


def next_due(monitor: Monitor) -> datetime | None:
    """When the next check is planned; None for one that is paused or retired."""
    slots = ProbeSlot.objects.filter(monitor=monitor, next_due_at__isnull=False).order_by("next_due_at")
    return slots.values_list("next_due_at", flat=True).first()


def worst_states(*, now: datetime) -> dict[int, str]:
    """The worst state among the monitors of each service, by the service's key; one query.

    A monitor that somebody paused says nothing of a service that others watch.
    """
    held: dict[int, list[State]] = defaultdict(list)
    for row in rows(monitors_in_force(), now=now):
        held[row.monitor.service_id].append(State(row.state))
    return {key: worst(states).value for key, states in held.items()}
