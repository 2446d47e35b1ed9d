"""What depends on what: monitors whose parent is down, and those that may only need a moment to recover with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitors.models import Monitor, MonitorState
from monitors.states import MEASURED, State


@dataclass(frozen=True, slots=True)
class Held:
    """A monitor that is kept quiet by another. settling: that one is up again, and this one was not checked since."""

    child: str
    parent: str
    settling: bool = False


def held_by_parents(now: datetime) -> list[Held]:
    """Every monitor that depends, over any number of steps, on one that is down or whose failure is being verified.

    The nearest such parent is named. Three queries for any number of monitors, one while nothing depends on anything.
    """
    edges = dict(
        Monitor.objects.in_force().filter(depends_on__retired_at__isnull=True).values_list("pk", "depends_on_id")
    )
    edges = {child: parent for child, parent in edges.items() if parent is not None}
    if not edges:
        return []
    states = MonitorState.objects.select_related("monitor").in_bulk({*edges, *edges.values()})
    found = []
    for child in edges:
        for parent in ancestors(child, edges):
            if parent not in states or child not in states:
                continue
            if is_down(states[parent]):
                found.append(Held(states[child].monitor.public_id, states[parent].monitor.public_id))
                break
            if is_settling(states[child], states[parent], now):
                found.append(Held(states[child].monitor.public_id, states[parent].monitor.public_id, settling=True))
                break
    return found


def ancestors(child: int, edges: Mapping[int, int]) -> list[int]:
    """What a monitor depends on, the nearest first. A circle, which no service makes, ends where it began."""
    found: list[int] = []
    at = edges.get(child)
    while at is not None and at != child and at not in found:
        found.append(at)
        at = edges.get(at)
    return found


def is_down(row: MonitorState) -> bool:
    """Whether a monitor's alarm is open, or a failure of it is being verified at this moment."""
    return row.alarm or bool(row.run and not row.run_good)


def is_settling(child: MonitorState, parent: MonitorState, now: datetime) -> bool:
    """Whether a monitor that failed with its parent may be recovering with it: nobody has looked since, or good results
    are being verified. For two of its intervals and a timeout at most; then it is told."""
    if State(parent.state) is not State.UP or State(child.state) not in MEASURED:
        return False
    patience = timedelta(seconds=2 * child.monitor.interval_s + child.monitor.timeout_s)
    if child.run and child.run_good:
        return True
    unseen = child.last_at is None or child.last_at <= parent.since
    return unseen and now - parent.since <= patience
