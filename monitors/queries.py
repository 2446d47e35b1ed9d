"""Reads for screens, API and the apps above: rows to plain answers. `now` is always an argument."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.db.models import Min, Q, QuerySet

from monitors.believed import believed, stretches
from monitors.conditions import DOWN
from monitors.judge import TICK
from monitors.models import (
    ConditionState,
    Monitor,
    MonitorState,
    ProbeSlot,
    Result,
    Rule,
    Service,
    Signal,
    StateInterval,
)
from monitors.states import CAUSES, Cause, State, worst


def unclaimed_signals(limit: int) -> list[Signal]:
    """Signals nobody has taken yet, oldest first, with monitor and service loaded."""
    waiting = Signal.objects.filter(claimed_at__isnull=True).order_by("id")
    return list(waiting.select_related("monitor__service", "rule")[:limit])


def claim_signal(signal: Signal, now: datetime) -> bool:
    """Take a signal; True for exactly one of all who try. Call it in the transaction of what is done with it."""
    return Signal.objects.filter(pk=signal.pk, claimed_at__isnull=True).update(claimed_at=now) == 1


def earlier_unclaimed(signal: Signal) -> bool:
    """Whether an older signal of the same condition still waits: signals of one condition go in order."""
    older = _same_condition(signal).filter(pk__lt=signal.pk, claimed_at__isnull=True)
    return older.exists()


def oldest_unclaimed_signal() -> datetime | None:
    """When the oldest waiting signal was recorded; None if none waits."""
    waiting = Signal.objects.filter(claimed_at__isnull=True).order_by("id")
    return waiting.values_list("recorded_at", flat=True).first()


def open_conditions(monitors: Iterable[Monitor]) -> dict[int, list[ConditionState]]:
    """What holds beside the state, by monitor and the oldest first, in one query."""
    found: dict[int, list[ConditionState]] = {}
    held = ConditionState.objects.filter(monitor__in=list(monitors), is_open=True).select_related("rule")
    for one in held.order_by("since", "rule_id"):
        found.setdefault(one.monitor_id, []).append(one)
    return found


def down_rules(monitors: Iterable[Monitor]) -> dict[int, Rule]:
    """The rule in force that says when each is down, by monitor, in one query."""
    held = Rule.objects.in_force().filter(monitor__in=list(monitors), condition=DOWN)
    return {rule.monitor_id: rule for rule in held}


def _same_condition(signal: Signal) -> QuerySet[Signal]:
    return Signal.objects.filter(monitor_id=signal.monitor_id, condition=signal.condition)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a monitor stands at an instant. verifying_since: first result of a change not yet confirmed.

    seen_*: its last check, whatever it came to; detail: the sentence of that check, "" after a good one.
    """

    monitor_id: int
    state: State
    since: datetime
    cause: str
    alarm: bool
    verifying_since: datetime | None
    seen_at: datetime | None
    seen_outcome: str
    seen_status: int
    seen_total_us: int
    detail: str
    next_due_at: datetime | None

    @property
    def verifying(self) -> bool:
        """A change is suspected and not confirmed: shown over the state, never stored."""
        return self.verifying_since is not None

    @property
    def seen_ms(self) -> float:
        """How long the last check took, in milliseconds."""
        return self.seen_total_us / 1000


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one state, `[start, end)`, cut to what was asked for. interval: public id, "" if inferred."""

    state: State
    start: datetime
    end: datetime
    cause: str = ""
    detail: str = ""
    interval: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class ServiceStanding:
    """A service and the worst state of its monitors in force. counts: monitors by state."""

    service: Service
    state: State
    counts: dict[State, int]


def services_in_force() -> list[Service]:
    """Services by name, with team and owner."""
    return list(Service.objects.in_force().select_related("team", "owner").order_by("name"))


def monitors_in_force(service: Service | None = None) -> QuerySet[Monitor]:
    """Monitors by service and name; those of one service if given."""
    found = Monitor.objects.in_force().select_related("service", "team", "depends_on").order_by("service__name", "name")
    return found.filter(service=service) if service else found


def monitor_state(monitor: Monitor, now: datetime) -> Standing:
    """Where one monitor stands: unknown as soon as its last result no longer speaks, before any repair ran."""
    return standings([monitor.pk], now=now)[monitor.pk]


def standings(monitor_ids: Iterable[int], *, now: datetime) -> dict[int, Standing]:
    """Where monitors stand, by primary key: two queries for any number of them."""
    ids = list(monitor_ids)
    due = dict(
        ProbeSlot.objects.filter(monitor_id__in=ids)
        .values("monitor_id")
        .annotate(next=Min("next_due_at"))
        .values_list("monitor_id", "next")
    )
    rows = MonitorState.objects.filter(pk__in=ids).select_related("interval")
    return {row.pk: _standing(row, due.get(row.pk), now) for row in rows}


def service_states(now: datetime) -> list[ServiceStanding]:
    """Every service in force with the worst state of its monitors; unknown for one that has none."""
    monitors = list(Monitor.objects.in_force().values_list("pk", "service_id"))
    known = standings([pk for pk, _ in monitors], now=now)
    states: dict[int, list[State]] = {}
    for pk, service_id in monitors:
        states.setdefault(service_id, []).append(known[pk].state)
    return [_service_standing(service, states.get(service.pk, [])) for service in services_in_force()]


def last_failure(monitor: Monitor) -> Result | None:
    """The newest failed result, however long ago it was: failures stay rows when the rest is packed."""
    failed = Result.objects.filter(monitor_id=monitor.pk, outcome="failed")
    return failed.order_by("-planned_at").first()


def intervals(monitor: Monitor, start: datetime, end: datetime, now: datetime) -> list[Span]:
    """The spans that tile `[start, end)` as far as the monitor lived and `now` has come, in order."""
    return spans([monitor.pk], start, end, now=now).get(monitor.pk, [])


def spans(monitor_ids: Iterable[int], start: datetime, end: datetime, *, now: datetime) -> dict[int, list[Span]]:
    """The same for many monitors, by primary key: two queries for any number of them.

    The open interval is true to `now` while its last result is recent. After that it ends where that result
    ended, and the rest is unknown, also before the sweep has written it so.
    """
    ids, until = list(monitor_ids), min(end, now)
    silent = dict(MonitorState.objects.filter(pk__in=ids).values_list("pk", "silent_at"))
    rows = StateInterval.objects.filter(monitor_id__in=ids, started_at__lt=until)
    rows = rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=start)).order_by("monitor_id", "started_at")
    found: dict[int, list[Span]] = {}
    for row in rows:
        for span in _spans(row, silent.get(row.monitor_id), now):
            if span.end > start and span.start < until:
                cut = replace(span, start=max(span.start, start), end=min(span.end, until))
                found.setdefault(row.monitor_id, []).append(cut)
    return found


def days_back(since: datetime, until: datetime) -> Iterator[date]:
    """The days of the key of results that `[since, until)` touches, newest first."""
    day, first = (until - TICK).astimezone(UTC).date(), since.astimezone(UTC).date()
    while day >= first:
        yield day
        day -= timedelta(days=1)


def _spans(row: StateInterval, silent_at: datetime | None, now: datetime) -> list[Span]:
    first, *rest = stretches(row.state, row.started_at, row.ended_at, row.covered_until, silent_at, now)
    is_open = row.is_open and not rest
    told = Span(State(row.state), first[0], first[1], row.cause, row.detail, row.public_id, is_open)
    unknown = (Cause.NO_RESULT.value, CAUSES[Cause.NO_RESULT])
    return [told, *(Span(State(state), start, end, *unknown, is_open=True) for start, end, state in rest)]


def _standing(row: MonitorState, next_due_at: datetime | None, now: datetime) -> Standing:
    state, since = believed(row.state, row.since, row.covered_until, row.silent_at, now)
    return Standing(
        monitor_id=row.pk,
        state=State(state),
        since=since,
        cause=row.interval.cause if state == row.state else Cause.NO_RESULT.value,
        alarm=row.alarm,
        verifying_since=datetime.fromisoformat(row.run.split()[0]) if row.run else None,
        seen_at=row.seen_at,
        seen_outcome=row.seen_outcome,
        seen_status=row.seen_status,
        seen_total_us=row.seen_total_us,
        detail=row.seen_detail,
        next_due_at=next_due_at,
    )


def _service_standing(service: Service, states: list[State]) -> ServiceStanding:
    return ServiceStanding(service, worst(states), dict(Counter(states)))
