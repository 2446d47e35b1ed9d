"""Reads: how the auditor and the outside dead-man stand, and what was found. Nothing here changes a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from evidence.addresses import mask_url
from evidence.models import AuditHour, AuditorState, DeadMan, DeadManState, SelfCheckFinding

# Three turns without an audit: the auditor itself is not at work.
TURNS_MISSED = 3
LATELY = timedelta(days=14)


@dataclass(frozen=True)
class DeadManStanding:
    """How the outside dead-man stands.

    host: mask of the address, "" when none is named. fixed: the environment names it. ok_at: last ping that was taken;
    failed: pings in a row that were not, and error the last reason. withheld_at: since when none is sent, on purpose.
    """

    host: str
    fixed: bool
    ok_at: datetime | None
    failed: int
    error: str
    withheld_at: datetime | None

    @property
    def named(self) -> bool:
        """Whether somebody outside is told at all."""
        return bool(self.host)


@dataclass(frozen=True)
class AuditorStanding:
    """How the auditor stands. done_at: end of the last audit, None before the first. on_time: it runs each turn."""

    done_at: datetime | None
    on_time: bool
    checked: int
    open: tuple[SelfCheckFinding, ...]

    @property
    def endangering(self) -> tuple[SelfCheckFinding, ...]:
        """The open findings that keep pages from people."""
        return tuple(finding for finding in self.open if finding.endangers)


def dead_man_address() -> tuple[str, bool]:
    """The address to ping and whether the environment names it, which wins; "" when there is none."""
    if settings.DEADMAN_URL:
        return settings.DEADMAN_URL, True
    return DeadMan.current().url, False


def dead_man_standing() -> DeadManStanding:
    """Where it stands; two queries, and no address is decrypted."""
    state = DeadManState.objects.first() or DeadManState()
    if settings.DEADMAN_URL:
        host, fixed = mask_url(settings.DEADMAN_URL), True
    else:
        held = DeadMan.objects.in_force().order_by("pk").values_list("url_mask", flat=True).first()
        host, fixed = held or "", False
    return DeadManStanding(host, fixed, state.ok_at, state.failed, state.error, state.withheld_at)


def auditor_standing(*, now: datetime) -> AuditorStanding:
    """Where it stands, with what is open, the dangerous and oldest first; two queries."""
    state = AuditorState.objects.first()
    done_at = state.done_at if state else None
    patience = timedelta(seconds=settings.SELF_CHECK_EVERY_S * TURNS_MISSED)
    on_time = done_at is not None and now - done_at <= patience
    return AuditorStanding(done_at, on_time, state.checked if state else 0, tuple(open_findings()))


def open_findings() -> QuerySet[SelfCheckFinding]:
    """What does not hold now, the dangerous and oldest first."""
    return SelfCheckFinding.objects.filter(closed_at__isnull=True).order_by("-endangers", "opened_at", "pk")


def lately_closed(*, now: datetime, limit: int = 20) -> QuerySet[SelfCheckFinding]:
    """What ended within the last fortnight, newest first."""
    closed = SelfCheckFinding.objects.filter(closed_at__gte=now - LATELY)
    return closed.order_by("-closed_at", "-pk")[:limit]


def minutes_audited(*, now: datetime, days: int = 30) -> tuple[int, int, int]:
    """(minutes since the first audit within the last days, of these audited, of these with paging in danger).

    The current hour is left out; hours of which no row exists were not audited at all.
    """
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    rows = list(
        AuditHour.objects.filter(hour__gte=this_hour - timedelta(days=days), hour__lt=this_hour).order_by("hour")
    )
    if not rows:
        return 0, 0, 0
    # the first hour counts from its first audited minute
    before = (rows[0].audited & -rows[0].audited).bit_length() - 1
    total = int((this_hour - rows[0].hour).total_seconds() // 60) - max(before, 0)
    return total, sum(row.minutes_audited for row in rows), sum(row.minutes_endangered for row in rows)
