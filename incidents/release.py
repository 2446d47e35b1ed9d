"""The end of quiet: what a maintenance window or a parent that was down kept from paging and is still wrong, pages now."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from incidents import correlate as c
from incidents.intake import OWN, Origin, act_on
from incidents.models import Alert
from incidents.own import SOURCE
from incidents.quiet import maintenance_at, parents_at
from ledger.record import record

log = structlog.get_logger(__name__)

BATCH = 200
DETECTED_BY = {OWN: "monitor"}
ROWS = {OWN: "signal", SOURCE: "selfcheckfinding"}


def release(now: datetime) -> int:
    """Correlate again every open alert that was kept quiet and by nothing is any more; return how many.

    It asks what holds now, not what ended: windows that were ended early, cancelled or over while the engine stood
    still are found alike. One that fails is tried again with the next tick and does not hold up the others.
    """
    waiting = Alert.objects.open().filter(incident__isnull=True).exclude(suppressed_by="")
    covers = [*maintenance_at(now), *parents_at(now, settling=True)] if waiting.exists() else []
    released = 0
    for alert in waiting.select_related("monitor__service", "service").order_by("pk")[:BATCH]:
        if c.covering(event_again(alert), covers, now) is not None:
            continue
        try:
            released += _release(alert.pk, now=now)
        except Exception:
            log.exception("alert_kept_back", alert=alert.public_id)
    return released


def event_again(alert: Alert) -> c.Event:
    """The event that opened an alert, as `correlate` saw it then."""
    return c.Event(
        source=alert.source,
        identity=alert.identity,
        group=alert.group,
        key=alert.opened_by_key,
        opens=True,
        condition=alert.condition,
        severity=alert.severity,
        urgency=alert.urgency,
        service=alert.service.public_id if alert.service else "",
        title=alert.title,
        effective_at=alert.opened_at,
        reopens=alert.source in ROWS,
        rule_version=alert.rule_version,
        reason=alert.reason,
    )


@transaction.atomic
def _release(key: int, *, now: datetime) -> int:
    rows = Alert.objects.select_for_update(of=("self",)).select_related("monitor", "service")
    alert = rows.filter(pk=key, closed_at__isnull=True, incident__isnull=True).first()
    if alert is None:
        return 0
    by = alert.suppressed_by
    row = (ROWS.get(alert.source, "event"), alert.opened_by_key)
    origin = Origin(row, DETECTED_BY.get(alert.source, alert.source), alert.monitor, alert.service)
    decision = act_on(event_again(alert), origin, now=now)
    if decision.action == c.SUPPRESS:
        return 0
    record("alert.released", [alert], {"after": by}, now=now)
    return 1
