"""What the pages, the API and the record show of heartbeats: next runs, pings, runs, keys. `now` is always an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from monitors.heartbeats.fold import Open
from monitors.heartbeats.schedules import Period, next_runs, schedule_of
from monitors.models import Heartbeat, HeartbeatRun, Monitor, Ping, PingBody, PingKey
from monitors.services.ping_keys import plain_key

COMING = 5
LIST_DAYS = 2  # of all pings without a monitor named: the newest ones
BODY_SHOWN = 2_000


@dataclass(frozen=True)
class Coming:
    """An expected run, in the reader's zone by the page and in the heartbeat's zone here."""

    at: datetime
    deadline: datetime
    there: datetime


@dataclass(frozen=True)
class KeyRow:
    """A key as the page shows it: its address, or what stands for it."""

    key: PingKey
    address: str
    shown: bool
    ending: bool


def coming_runs(target: Mapping[str, Any], after: datetime, *, first: datetime | None = None) -> list[Coming]:
    """The next five expected runs later than `after`. first: a run that is expected already. Raises ScheduleError."""
    schedule = schedule_of(target)
    zone = ZoneInfo(str(target.get("zone") or "UTC"))
    grace = timedelta(seconds=target.get("grace_s", 0))
    found = [first] if first is not None and first > after else []
    found += next_runs(schedule, found[0] if found else after, COMING - len(found))
    return [Coming(at, at + grace, at.astimezone(zone)) for at in found]


def coming_of(monitor: Monitor, beat: Heartbeat, now: datetime) -> list[Coming]:
    """The next five runs of a heartbeat; none while it is paused, retired, or has a period and never pinged."""
    if monitor.paused_at is not None or monitor.retired_at is not None:
        return []
    if beat.expected_at is None and isinstance(schedule_of(monitor.target), Period):
        return []
    return coming_runs(monitor.target, now, first=beat.expected_at)


def pings_of(monitor: Monitor) -> QuerySet[Ping]:
    """Pings of a heartbeat, newest first."""
    return Ping.objects.filter(monitor_id=monitor.pk).order_by("-received_at", "-id")


def recent_pings(now: datetime) -> QuerySet[Ping]:
    """The newest pings of all heartbeats, of today and yesterday."""
    days = [(now - timedelta(days=back)).date() for back in range(LIST_DAYS)]
    return Ping.objects.filter(day__in=days)


def with_bodies(pings: Iterable[Ping]) -> list[tuple[Ping, str]]:
    """Each ping with the beginning of what the job sent; "" for nothing, and for what is older than 30 days."""
    held = list(pings)
    wanted = [ping for ping in held if ping.body_bytes]
    rows = PingBody.objects.filter(
        day__in={ping.day for ping in wanted}, ping_id__in=[ping.id for ping in wanted]
    ).values_list("ping_id", "body")
    bodies = {ping_id: body_text(body) for ping_id, body in rows}
    return [(ping, bodies.get(ping.id, "")[:BODY_SHOWN]) for ping in held]


def body_text(body: bytes | memoryview) -> str:
    """Bytes of a job as text: what is no UTF-8, such as a letter that the limit cut in two, is a replacement character."""
    return bytes(body).decode("utf-8", "replace").replace("\x00", "\ufffd")


def runs_of(monitor: Monitor) -> QuerySet[HeartbeatRun]:
    """Decided runs of a heartbeat, newest first."""
    return HeartbeatRun.objects.filter(monitor_id=monitor.pk).order_by("-decided_at", "-id")


def open_runs(beat: Heartbeat) -> list[Open]:
    """Runs that began and have not ended, oldest first."""
    return [
        Open(rid, datetime.fromisoformat(began), datetime.fromisoformat(expected) if expected else None, over)
        for rid, began, expected, over in beat.open
    ]


def keys_of(monitor: Monitor, *, now: datetime, reveal: bool) -> list[KeyRow]:
    """The keys of a heartbeat that still open something, the current one first."""
    held = keys_in_force(now=now).filter(monitor=monitor)
    return [key_row(key, reveal=reveal) for key in held.order_by("-pk")]


def keys_in_force(*, now: datetime) -> QuerySet[PingKey]:
    """Keys that still open something."""
    held = PingKey.objects.in_force().filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))
    return held.select_related("monitor", "service")


def project_keys(*, now: datetime) -> QuerySet[PingKey]:
    """Keys that ping by slug and still open something."""
    return keys_in_force(now=now).filter(service__isnull=False).order_by("name", "-pk")


def key_row(key: PingKey, *, reveal: bool) -> KeyRow:
    """One key. reveal: whether the reader may see the address itself."""
    plain = plain_key(key) if reveal else ""
    return KeyRow(key, ping_address(plain or f"…{key.hint}"), bool(plain), key.ends_at is not None)


def ping_address(key: str) -> str:
    """The address that pings with a key."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/ping/{key}"
