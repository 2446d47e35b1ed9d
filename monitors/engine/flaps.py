"""The step that marks monitors that flap, and takes the mark away: the condition "flapping" opens and closes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from monitors.conditions import FLAPPING
from monitors.flapping import flaps, is_quiet, turns
from monitors.models import ConditionState, Monitor, MonitorState, StateInterval
from monitors.services.conditions import clear_condition, ensure_rule, raise_condition
from monitors.services.monitors import down_rule
from monitors.states import State

TURNED = (State.UP.value, State.DOWN.value)
BATCH = 100


def sweep_flaps(now: datetime) -> int:
    """Mark what changed too often lately, clear what has kept still; return how many monitors changed their mark."""
    within = timedelta(seconds=settings.FLAP_WINDOW_S)
    open_ones = ConditionState.objects.filter(is_open=True, rule__condition=FLAPPING, rule__retired_at__isnull=True)
    marked = {row.monitor_id: row for row in open_ones.select_related("rule__monitor")}
    lately = MonitorState.objects.filter(since__gt=now - within, monitor__retired_at__isnull=True)
    suspects = set(lately.values_list("pk", flat=True)) - set(marked)
    changes = _changes([*suspects, *marked], now - within)
    done = 0
    for monitor_id in sorted(suspects):
        turned = turns(changes.get(monitor_id, []))
        if done < BATCH and flaps(turned, now, most=settings.FLAP_CHANGES, within=within):
            done += _mark(monitor_id, turned, now)
    for monitor_id, row in marked.items():
        if is_quiet((at for at, _ in changes.get(monitor_id, [])), now, within=within):
            minutes = settings.FLAP_WINDOW_S // 60
            reason = f"It has kept one state for {minutes} min."
            done += clear_condition(row.rule, reason=reason, effective_at=now, now=now) is not None
    return done


def _changes(monitor_ids: list[int], since: datetime) -> dict[int, list[tuple[datetime, str]]]:
    """When monitors came up or went down since an instant, by monitor, in order."""
    found: dict[int, list[tuple[datetime, str]]] = {}
    rows = StateInterval.objects.filter(monitor__in=monitor_ids, started_at__gt=since, state__in=TURNED)
    for monitor_id, at, state in rows.order_by("started_at").values_list("monitor_id", "started_at", "state"):
        found.setdefault(monitor_id, []).append((at, state))
    return found


def _mark(monitor_id: int, changes: list[datetime], now: datetime) -> int:
    monitor = Monitor.objects.defer("secrets").get(pk=monitor_id)
    down = down_rule(monitor)
    rule = ensure_rule(monitor, FLAPPING, now=now, reason="It flaps for the first time")
    minutes = settings.FLAP_WINDOW_S // 60
    signal = raise_condition(
        rule,
        reason=f"Changed {len(changes)} times in {minutes} min.",
        effective_at=changes[0],
        now=now,
        severity=down.severity,
        urgency=down.urgency,
        data={"changes": len(changes), "window_s": settings.FLAP_WINDOW_S},
    )
    return signal is not None
