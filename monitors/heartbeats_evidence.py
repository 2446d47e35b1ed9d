"""The heartbeats' table of a pack (HB-1): one row a decided run, with what it was late by and which alert it raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from ledger.tables import Row, Scope, Table
from monitors.kinds import HEARTBEAT
from monitors.models import HeartbeatRun, Monitor, ServiceSystem, Signal

HEARTBEATS = (
    "heartbeat_id", "system_ids", "monitor_version", "expected_at", "received_at", "lateness_s", "state", "duration_s",
    "exit_info", "run_id", "decided_at", "recorded_at", "signal_id", "alert_id",
)  # fmt: skip
# signals, by public id, to the alerts they opened
AlertsOf = Callable[[Sequence[str]], Mapping[str, str]]
BAD = ("late", "missed", "failed")


def heartbeats_table(scope: Scope, monitors: Sequence[Monitor], alerts_of: AlertsOf) -> Table:
    """Runs of these heartbeats that were decided in the window. alerts_of: asked once for all signals."""

    def rows() -> Iterator[Row]:
        held = {one.pk: one for one in monitors if one.kind == HEARTBEAT}
        systems = _systems(held.values())
        opened = _opened(list(held), scope.end)
        alerts = alerts_of([signal.public_id for theirs in opened.values() for signal in theirs])
        for pk, monitor in held.items():
            for run in _runs(pk, scope).iterator(chunk_size=2_000):
                signal = _signal_of(run, opened.get(pk, []))
                yield (
                    monitor.public_id, systems.get(monitor.service_id, []), run.monitor_version, run.expected_at,
                    run.received_at, run.lateness_s, run.state, _seconds(run.duration_ms), _exit(run), run.rid,
                    run.decided_at, run.recorded_at, signal, alerts.get(signal or ""), None, None,
                )  # fmt: skip

    words = (
        "Each run of those heartbeats that was decided in the window. Of a period, expected_at is the latest instant. "
        "The signal of a bad run is the one that was open when it was decided."
    )
    return Table("15_heartbeats/heartbeats", HEARTBEATS, rows, "heartbeats", words, scope.window)


def heartbeats_of(scope: Scope) -> list[Monitor]:
    """The heartbeats that were in force in a period."""
    alive = Q(created_at__lt=scope.end) & (Q(retired_at__isnull=True) | Q(retired_at__gt=scope.start))
    return list(Monitor.objects.filter(alive, kind=HEARTBEAT).order_by("pk"))


def _runs(monitor_id: int, scope: Scope) -> QuerySet[HeartbeatRun]:
    found = HeartbeatRun.objects.filter(monitor_id=monitor_id, decided_at__gte=scope.start, decided_at__lt=scope.end)
    return found.order_by("decided_at", "id")


def _opened(ids: list[int], end: datetime) -> dict[int, list[Signal]]:
    found: dict[int, list[Signal]] = {}
    rows = Signal.objects.filter(monitor__in=ids, condition="down", effective_at__lt=end).order_by("id")
    for signal in rows:
        found.setdefault(signal.monitor_id, []).append(signal)
    return found


def _signal_of(run: HeartbeatRun, signals: Sequence[Signal]) -> str | None:
    """The signal that was open when a bad run was decided; one that this run's own end closed was open too."""
    if run.state not in BAD:
        return None
    newest: Signal | None = None
    for signal in signals:
        if signal.opens and signal.effective_at <= run.decided_at:
            newest = signal
        elif not signal.opens and newest is not None and signal.effective_at < run.decided_at:
            newest = None
    return newest.public_id if newest else None


def _systems(monitors: Iterable[Monitor]) -> dict[int, list[str]]:
    services = {one.service_id for one in monitors}
    found: dict[int, list[str]] = {}
    links = ServiceSystem.objects.in_force().filter(service__in=services).order_by("system__public_id")
    for service_id, public_id in links.values_list("service_id", "system__public_id"):
        found.setdefault(service_id, []).append(public_id)
    return found


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _exit(run: HeartbeatRun) -> str:
    return run.detail or ("" if run.exit_status is None else f"exit status {run.exit_status}")
