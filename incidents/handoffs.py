"""Hand-off notices: who comes on call is told what is open, what nobody is told of, and what is planned. docs/swaps.md, "Hand-off"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.queries import open_incidents
from monitors.maintenance import coming
from monitors.queries import monitors_in_force
from oncall.handoffs import waiting
from oncall.rota.words import moment
from oncall.services.handoffs import tell_handoff

# A letter is read on a phone: the worst first, and how many more there are.
MOST = 15
PLANNED_WITHIN = timedelta(hours=24)


def tell_due(now: datetime) -> int:
    """Write every hand-off notice that is due; return how many. For the tick: safe to run twice, at once, and late."""
    due = waiting(now)
    zones = {one.schedule.zone for one in due}
    told = {zone: going_on(now, ZoneInfo(zone)) for zone in zones}
    return sum(tell_handoff(one, told[one.schedule.zone], now=now) is not None for one in due)


def going_on(now: datetime, zone: ZoneInfo) -> list[str]:
    """Lines about the state of things, times on the wall of `zone`."""
    return [
        *_listed("Open incidents", _open(zone)),
        "",
        *_listed("Muted: in maintenance now, or within 24 hours", _maintenance(now, zone)),
        "",
        *_listed("Paused, so nobody watches", _paused(zone)),
    ]


def _open(zone: ZoneInfo) -> list[str]:
    return [
        f"SEV{one.severity} {one.number} {one.title}, since {moment(one.opened_at, zone)}, "
        + (f"acknowledged by {one.acknowledged_by.name}" if one.acknowledged_by else str(one.state))
        for one in open_incidents()
    ]


def _maintenance(now: datetime, zone: ZoneInfo) -> list[str]:
    return [
        f"{one.window.name}, {moment(one.start, zone)} to {moment(one.end, zone)}{', now' if one.in_progress else ''}"
        for one in coming(now=now, within=PLANNED_WITHIN)
    ]


def _paused(zone: ZoneInfo) -> list[str]:
    paused = monitors_in_force().filter(paused_at__isnull=False).order_by("paused_at", "pk")
    return [f"{one.name} of {one.service.name}, since {moment(one.paused_at, zone)}" for one in paused if one.paused_at]


def _listed(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    more = [f"- and {len(found) - MOST} more"] if len(found) > MOST else []
    return [f"{title}:", *(f"- {line}" for line in found[:MOST]), *more] if found else [f"{title}: none."]
