"""The daily purge: what is past its time goes, a little at a time, unless a legal hold keeps everything.

Rules in words: docs/retention.md.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef

from accounts.services.holds import on_hold
from ledger.purge import Old, purge
from monitors.models import HealthChange, HeartbeatRun, MonitorState, Ping, Result, ResultPack, Signal, StateInterval

BUDGET_S = 0.3


def purge_old(now: datetime) -> int:
    """Delete what is older than RETENTION_DAYS, for at most BUDGET_S; return how many rows. A step of the engine.

    Each batch is a transaction with a record and a line of its own, so a stop in between loses nothing.
    """
    if on_hold():
        return 0
    before = now - timedelta(days=settings.RETENTION_DAYS)
    done, ends = 0, time.monotonic() + BUDGET_S
    for old in what_is_old(before):
        while time.monotonic() < ends:
            began = time.monotonic()
            gone = purge(old, before=before, now=now)
            done += gone
            if not gone:
                break
            time.sleep(time.monotonic() - began)  # half the time is other writers'
    return done


def what_is_old(before: datetime) -> list[Old]:
    """Tables of monitors that are purged, those that point to others first. The open state of a monitor always stays, and
    so does the change that says how a dependency stood at `before`.

    Hot tables are asked by the day of their key, which is never later than their age.
    """
    days = {"day__lte": before.astimezone(UTC).date()}
    told = Signal.objects.filter(interval=OuterRef("pk"))
    held = MonitorState.objects.filter(interval=OuterRef("pk"))
    past = StateInterval.objects.filter(~Exists(told), ~Exists(held), ended_at__isnull=False)
    followed = HealthChange.objects.filter(
        dependency=OuterRef("dependency"), at__gt=OuterRef("at"), recorded_at__lt=before
    )
    return [
        Old(Result, "planned_at", "results"),
        Old(ResultPack, "hour", "packs"),
        Old(Ping, "received_at", "pings", Ping.objects.filter(**days)),
        Old(HeartbeatRun, "recorded_at", "runs", HeartbeatRun.objects.filter(**days)),
        Old(Ping, "received_at", "pings"),
        Old(HeartbeatRun, "recorded_at", "runs"),
        Old(HealthChange, "recorded_at", "health_changes", HealthChange.objects.filter(Exists(followed))),
        Old(Signal, "recorded_at", "signals"),
        Old(StateInterval, "ended_at", "intervals", past),
    ]
