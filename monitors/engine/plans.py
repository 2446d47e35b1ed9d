"""Plans: from claimed slots to a row, from the row to a job for a prober."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

import structlog

from accounts.egress.rules import current_rules
from ledger.failpoints import fail_point
from monitors.engine.findings import Job, Slot
from monitors.kinds import KINDS, TargetError
from monitors.models import Monitor, ProbePlan
from monitors.probes.registry import Check, compile_check
from monitors.slots import EPOCH, MS

log = structlog.get_logger(__name__)

KEPT_CHECKS = 20_000

_checks: OrderedDict[str, tuple[int, Check]] = OrderedDict()


def take(plan_id: int, *, now: datetime) -> Job | None:
    """Claim a plan and load it; None if another delivery took it, or if it is past its time."""
    waiting = ProbePlan.objects.filter(pk=plan_id, claimed_at__isnull=True, lost_after__gt=now)
    if not waiting.update(claimed_at=now):
        return None
    fail_point("probe.plan_claimed")
    plan = ProbePlan.objects.get(pk=plan_id)
    return Job(plan_id, _slots(plan), current_rules())


def slot_instant(milliseconds: int) -> datetime:
    """A planned instant out of a plan."""
    return EPOCH + milliseconds * MS


def as_milliseconds(moment: datetime) -> int:
    """A planned instant as a plan holds it."""
    return (moment - EPOCH) // MS


def lost_after(last_slot: datetime, timeout_s: int) -> datetime:
    """When a plan counts as lost: its last slot and timeout are over, and a hand-over had time to happen."""
    return last_slot + timedelta(seconds=timeout_s + 15)


def _slots(plan: ProbePlan) -> tuple[Slot, ...]:
    """The slots of monitors that are still watched, each with its request as it is now."""
    wanted = {int(key): slots for key, slots in plan.slots.items()}
    watched = Monitor.objects.in_force().filter(pk__in=wanted, paused_at__isnull=True)
    rows = list(watched.values_list("pk", "public_id", "version", "interval_s"))
    checks = _load({pk: (public_id, version) for pk, public_id, version, _ in rows})
    return tuple(
        Slot(
            due=milliseconds / 1000,
            planned_at=slot_instant(milliseconds),
            retry=bool(retry),
            monitor_id=pk,
            monitor_version=version,
            location_id=plan.location_id,
            interval_s=interval_s,
            check=checks[pk],
        )
        for pk, _, version, interval_s in rows
        if pk in checks
        for milliseconds, retry in wanted[pk]
    )


def _load(known: dict[int, tuple[str, int]]) -> dict[int, Check]:
    """Requests by monitor: read, decrypted and compiled once for each version of a monitor."""
    stale = [pk for pk, (public_id, version) in known.items() if _checks.get(public_id, (0,))[0] != version]
    for monitor in Monitor.objects.filter(pk__in=stale):
        check = _compiled(monitor)
        if check is None:
            continue
        _checks[monitor.public_id] = (monitor.version, check)
        _checks.move_to_end(monitor.public_id)
    while len(_checks) > KEPT_CHECKS:
        _checks.popitem(last=False)
    held = {pk: _checks.get(public_id, (0, None)) for pk, (public_id, _) in known.items()}
    return {pk: check for pk, (version, check) in held.items() if check is not None and version == known[pk][1]}


def _compiled(monitor: Monitor) -> Check | None:
    """The check of a monitor. One that an older version of us took and this one refuses stops no other."""
    kind = KINDS[monitor.kind]
    try:
        secrets = kind.read_secrets(monitor.secrets or {})
        target = kind.read_target(monitor.target, secrets)
        return compile_check(kind.name, target, secrets, timeout_s=float(monitor.timeout_s))
    except TargetError as error:
        log.error("monitor_not_checked", monitor=monitor.public_id, field=error.field, why=error.sentence)
        return None
