"""From a signal to an incident: claim, correlate, apply, each signal in one transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from incidents import correlate as c
from incidents.models import Alert, Incident
from incidents.models.alerts import AlertQuerySet
from incidents.queries import alerts_for
from incidents.quiet import maintenance_at, parents_at
from incidents.services.rows import lock
from incidents.services.story import tell
from incidents.services.transitions import recover, reopen
from incidents.services.work import open_incident
from incidents.wording import title_of
from ledger.actors import SYSTEM
from ledger.failpoints import fail_point
from ledger.hints import hint
from ledger.record import record
from monitors.models import Monitor, Service, Signal
from monitors.queries import claim_signal, earlier_unclaimed, unclaimed_signals
from monitors.states import State

log = structlog.get_logger(__name__)

OWN = "monitors"
BATCH = 200
# In a storm the probes of the same engine must not wait until every signal is taken.
BUDGET_S = 1.0


@dataclass(frozen=True)
class Origin:
    """The row that an event was made of, and what it is about. detected_by: as on the incident it opens."""

    row: Signal | tuple[str, str]
    detected_by: str
    monitor: Monitor | None = None
    service: Service | None = None


def run(now: datetime) -> int:
    """Take signals that wait, oldest first, for at most BUDGET_S; return how many were taken.

    One that fails is left unclaimed for the next tick and does not hold up the others.
    """
    taken, begun = 0, time.monotonic()
    for signal in unclaimed_signals(BATCH):
        try:
            taken += take(signal, now=now) is not None
        except Exception:
            # undone, claim included, so the next tick finds it again; the other signals are pages too
            log.exception("signal_put_back", signal=signal.public_id)
        if time.monotonic() - begun > BUDGET_S:
            hint("intake")
            break
    return taken


def take(signal: Signal, *, now: datetime) -> c.Decision | None:
    """Claim one signal and do what it means. None: another intake has it, or an older one comes first."""
    with transaction.atomic():
        if earlier_unclaimed(signal) or not claim_signal(signal, now):
            return None
        fail_point("intake.claimed")
        monitor = signal.monitor
        decision = act_on(event_of(signal), Origin(signal, "monitor", monitor, monitor.service), now=now)
        fail_point("intake.before_commit")
    fail_point("intake.after_commit")
    log.info("signal_taken", signal=signal.public_id, action=decision.action, reason=decision.reason)
    return decision


def act_on(event: c.Event, origin: Origin, *, now: datetime) -> c.Decision:
    """Decide what an event means and do it, in the caller's transaction."""
    within = timedelta(hours=settings.SIGNAL_REOPEN_H)
    _lock_incidents(event, now=now, within=within)
    decision = c.correlate(
        event,
        alerts_for(event, now=now, within=within),
        now=now,
        reopen_within=within,
        maintenance=maintenance_at(now),
        parents=parents_at(now),
    )
    _apply(event, decision, origin, now=now)
    return decision


def event_of(signal: Signal) -> c.Event:
    """The frozen event of one of our own signals."""
    monitor = signal.monitor
    return c.Event(
        source=OWN,
        identity=f"{monitor.public_id}/{signal.condition}",
        group=monitor.public_id,
        key=signal.public_id,
        opens=signal.opens,
        condition=signal.condition,
        severity=signal.severity,
        urgency=signal.urgency,
        service=monitor.service.public_id,
        title=title_of(monitor.name, signal.condition),
        effective_at=signal.effective_at,
        reopens=True,
        measured=signal.opens or _was_seen(signal),
        rule_version=signal.rule_version,
        reason=signal.reason,
    )


def _was_seen(signal: Signal) -> bool:
    """Whether somebody saw the end that a signal tells: a monitor's own interval says so, or that it is still watched."""
    if signal.interval is None:
        return signal.monitor.retired_at is None
    return signal.interval.state == State.UP


def _lock_incidents(event: c.Event, *, now: datetime, within: timedelta) -> None:
    """Lock the incidents that the decision may concern, in one order, before the decision reads them.

    Without it a person could resolve the incident between our reading and our writing, and the alert
    would join an incident that nobody works on.
    """
    numbers = {alert.incident for alert in alerts_for(event, now=now, within=within)} - {""}
    list(Incident.objects.select_for_update(of=("self",)).filter(number__in=numbers).order_by("pk").values_list("pk"))


def _apply(event: c.Event, decision: c.Decision, origin: Origin, *, now: datetime) -> None:
    if decision.action == c.OPEN:
        _open(event, decision, origin, now=now)
    elif decision.action == c.ATTACH:
        _open_one(event).update(count=F("count") + 1, last_seen_at=event.effective_at)
    elif decision.action == c.RESOLVE:
        _close(event, decision, now=now)
    elif decision.action == c.SUPPRESS:
        _suppress(event, decision, origin, now=now)


def _open_one(event: c.Event) -> AlertQuerySet:
    """The open alert of the event's identity, of which the database allows one."""
    return Alert.objects.open().filter(source=event.source, identity=event.identity)


def _open(event: c.Event, decision: c.Decision, origin: Origin, *, now: datetime) -> None:
    alert = _alert(event, decision, origin, now=now)
    if decision.incident:
        incident = lock(Incident.objects.get(number=decision.incident))
        if not incident.is_open:
            incident = reopen(incident, severity=event.severity, urgency=event.urgency, reason=decision.reason, now=now)
        tell(
            incident, "alert_joined", actor=SYSTEM, now=now, occurred_at=event.effective_at, about=(alert,),
            data={"alert": alert.public_id, "reason": decision.reason, "condition": event.condition},
        )  # fmt: skip
    else:
        incident = open_incident(
            title=event.title,
            severity=event.severity,
            urgency=event.urgency,
            service=origin.service,
            opened_at=event.effective_at,
            detected_by=origin.detected_by,
            actor=SYSTEM,
            now=now,
            about=(alert, origin.row),
            data={"alert": alert.public_id, "condition": event.condition, "signal": event.key},
        )
    alert.incident = incident
    alert.save()


def _alert(event: c.Event, decision: c.Decision, origin: Origin, *, now: datetime) -> Alert:
    """The alert that was suppressed so far, else a new one, not yet saved."""
    if decision.alert is not None:
        alert = _open_one(event).get()
        alert.suppressed_by = ""
        return alert
    return Alert(
        source=event.source,
        identity=event.identity,
        group=event.group,
        monitor=origin.monitor,
        service=origin.service,
        condition=event.condition,
        severity=event.severity,
        urgency=event.urgency,
        title=event.title[:200],
        rule_version=event.rule_version,
        reason=event.reason[:300],
        opened_at=event.effective_at,
        recorded_at=now,
        last_seen_at=event.effective_at,
        opened_by_key=event.key,
    )


def _close(event: c.Event, decision: c.Decision, *, now: datetime) -> None:
    # locked, because the end of a maintenance window may be giving it an incident at this moment
    alert = _open_one(event).select_for_update(of=("self",)).select_related("incident").get()
    alert.closed_at = max(event.effective_at, alert.opened_at)
    alert.closed_recorded_at, alert.closed_reason, alert.closed_by_key = now, decision.reason, event.key
    alert.save(update_fields=["closed_at", "closed_recorded_at", "closed_reason", "closed_by_key"])
    if alert.incident is None:
        record("alert.closed", [alert], {"signal": event.key}, now=now, actor=SYSTEM)
        return
    tell(
        alert.incident, "alert_closed", actor=SYSTEM, now=now, occurred_at=alert.closed_at, about=(alert,),
        data={
            "alert": alert.public_id, "condition": event.condition, "signal": event.key, "reason": decision.reason
        },
    )  # fmt: skip
    if not alert.incident.alerts.open().exists():
        recover(alert.incident, reason=decision.reason, occurred_at=alert.closed_at, now=now)


def _suppress(event: c.Event, decision: c.Decision, origin: Origin, *, now: datetime) -> None:
    """Keep the alert without an incident: nobody is paged, and the reason is in the row and the ledger."""
    alert = _alert(event, decision, origin, now=now)
    alert.suppressed_by = decision.cover
    if alert.pk:
        alert.count, alert.last_seen_at = alert.count + 1, event.effective_at
    alert.save()
    record(
        "alert.suppressed",
        [alert, origin.row],
        {"reason": decision.reason, "by": decision.cover},
        now=now,
        actor=SYSTEM,
    )
