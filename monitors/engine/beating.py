"""The step that judges heartbeats: pings that came, and deadlines that passed without one."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from monitors.models import Heartbeat, Ping, PingBody, PingKey
from monitors.services.heartbeats import SLACK, look_at

log = structlog.get_logger(__name__)

BATCH = 2_000  # pings looked at in one step
DUE = 500  # heartbeats whose time has come
GROUP = 20  # heartbeats in one transaction
BUDGET_S = 0.5
USE_NOTED_EVERY = timedelta(minutes=1)
KEEP_BODIES = timedelta(days=30)


def judge_heartbeats(now: datetime) -> int:
    """Look at each heartbeat that a ping came for or whose time has come; return how many were looked at.

    For at most BUDGET_S; the rest is found by the next tick. One that cannot be judged is logged, stays due, and does
    not hold the others up.
    """
    waiting = list(
        Ping.objects.filter(judged_at__isnull=True).order_by("id").values_list("monitor_id", "key_id")[:BATCH]
    )
    due = list(Heartbeat.objects.filter(look_at__lte=now).order_by("look_at").values_list("pk", flat=True)[:DUE])
    ids = list(dict.fromkeys([*(monitor_id for monitor_id, _ in waiting), *due]))
    done, ends = 0, time.monotonic() + BUDGET_S
    for start in range(0, len(ids), GROUP):
        began = time.monotonic()
        done += _judge_some(sorted(ids[start : start + GROUP]), now)
        if time.monotonic() >= ends:
            break
        time.sleep(time.monotonic() - began)  # half the time is other writers'
    _note_use({key_id for _, key_id in waiting}, now)
    return done


def clear_bodies(now: datetime) -> int:
    """Delete what jobs sent with pings that are 30 days old; the pings stay, with its length and its hash."""
    old = PingBody.objects.filter(day__lt=(now - KEEP_BODIES).date()).order_by("day", "ping_id")
    found = list(old.values_list("day", "ping_id")[:BATCH])
    for day in {day for day, _ in found}:
        PingBody.objects.filter(day=day, ping_id__in=[ping_id for held, ping_id in found if held == day]).delete()
    return len(found)


def _judge_some(ids: list[int], now: datetime) -> int:
    try:
        with transaction.atomic():
            look_at(ids, now=now, until=now - SLACK)
    except Exception:  # one broken heartbeat must not stop the others
        if len(ids) == 1:
            log.exception("heartbeat_not_judged", monitor=ids[0])
            return 0
        return sum(_judge_some([monitor_id], now) for monitor_id in ids)
    return len(ids)


def _note_use(key_ids: Iterable[int], now: datetime) -> None:
    """When a key was last used, by the minute, so that somebody who rotates it sees who still has the old one."""
    stale = PingKey.objects.filter(pk__in=list(key_ids)[:DUE]).exclude(last_used_at__gt=now - USE_NOTED_EVERY)
    for key in stale:
        with transaction.atomic():
            held = PingKey.objects.select_for_update().get(pk=key.pk)
            held.last_used_at = now
            held.save(now=now, update_fields=["last_used_at"])
