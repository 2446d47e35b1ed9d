"""Signs of life of our own components, and their age."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from ledger.models import Liveness


def instance_name() -> str:
    """Host and process: one row a component and process."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def beat(component: str, *, now: datetime, lag_ms: int = 0, rows: int = 0) -> None:
    """Record that this process ran the component at `now`, how late, and on how many rows."""
    seen = {"seen_at": now, "lag_ms": lag_ms, "rows": rows}
    instance = instance_name()
    if not Liveness.objects.filter(component=component, instance=instance).update(**seen):
        Liveness.objects.get_or_create(component=component, instance=instance, defaults={"started_at": now, **seen})


def age(component: str, *, now: datetime) -> timedelta | None:
    """Time since any process last ran the component; None if none ever did."""
    last = Liveness.objects.filter(component=component).order_by("-seen_at").values_list("seen_at", flat=True).first()
    return None if last is None else now - last


def running_since(*components: str, now: datetime, heard_within: timedelta) -> datetime | None:
    """Since when a process that was heard lately has run one of the components: the longest-running; None if none."""
    heard = Liveness.objects.filter(component__in=components, seen_at__gte=now - heard_within)
    return heard.order_by("started_at").values_list("started_at", flat=True).first()
