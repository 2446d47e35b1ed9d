"""The one writer of conditions that stand beside a monitor's state: a signal and a line for each change.

Whatever finds that a certificate runs out, that a name changed or that a monitor flaps comes here. The state of the
monitor is not touched: a slow monitor is up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from ledger.actors import SYSTEM, acting_as
from ledger.hints import hint
from ledger.record import instant, record
from monitors.conditions import CONDITIONS, is_louder
from monitors.models import ConditionState, Monitor, Rule, Signal

REASON_MAX = 300


@transaction.atomic
def ensure_rule(monitor: Monitor, condition: str, *, now: datetime, reason: str) -> Rule:
    """The rule in force for a condition of a monitor, made with the condition's own loudness if there is none.

    reason: why it is needed, for the history. Raises KeyError for a condition that does not exist.
    """
    held = Rule.objects.in_force().filter(monitor=monitor, condition=condition).first()
    if held is not None:
        return held
    usual = CONDITIONS[condition]
    rule = Rule(monitor=monitor, condition=condition, severity=usual.severity, urgency=usual.urgency)
    with acting_as(SYSTEM):
        rule.save(now=now, reason=reason)
    return rule


@transaction.atomic
def raise_condition(
    rule: Rule,
    *,
    reason: str,
    effective_at: datetime,
    now: datetime,
    severity: int | None = None,
    urgency: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Signal | None:
    """Say that a rule's condition holds since `effective_at`; None if that was said, as loud, before.

    severity, urgency: for this occasion, the rule's own if not given. A condition that gets louder ends and begins
    again, so that whoever was told of the quiet one is told of the loud one. reason: a sentence for people. data: plain
    values for the ledger, no names and no free text. A retired monitor has no conditions: None.
    """
    loud, pressing = severity or rule.severity, urgency or rule.urgency
    row = _lock(rule)
    if rule.monitor.retired_at is not None:
        return None
    if row.is_open:
        if not is_louder(loud, pressing, row.severity, row.urgency):
            return None
        _signal(rule, row, opens=False, reason="It got worse.", at=effective_at, now=now, data=data)
    row.is_open, row.since, row.reason = True, effective_at, reason[:REASON_MAX]
    row.severity, row.urgency = loud, pressing
    signal = _signal(rule, row, opens=True, reason=reason, at=effective_at, now=now, data=data)
    row.save()
    return signal


@transaction.atomic
def clear_condition(
    rule: Rule, *, reason: str, effective_at: datetime, now: datetime, data: Mapping[str, Any] | None = None
) -> Signal | None:
    """Say that a rule's condition no longer holds since `effective_at`; None if it did not hold."""
    row = _lock(rule)
    if not row.is_open:
        return None
    signal = _signal(rule, row, opens=False, reason=reason, at=effective_at, now=now, data=data)
    row.is_open, row.since, row.reason = False, effective_at, reason[:REASON_MAX]
    row.save()
    return signal


def end_conditions(monitor: Monitor, *, now: datetime, reason: str) -> None:
    """Retire the rules of a monitor that goes out of force, all but "down", and close what they hold open."""
    for rule in Rule.objects.in_force().filter(monitor=monitor, standing__isnull=False).select_related("monitor"):
        clear_condition(rule, reason="The monitor was retired.", effective_at=now, now=now)
    for rule in Rule.objects.in_force().filter(monitor=monitor):
        rule.retire(now=now, reason=reason)


def _lock(rule: Rule) -> ConditionState:
    """The row of a rule under lock, made when it is first needed."""
    ConditionState.objects.get_or_create(rule=rule, defaults={"monitor_id": rule.monitor_id})
    return ConditionState.objects.select_for_update().get(pk=rule.pk)


def _signal(
    rule: Rule,
    row: ConditionState,
    *,
    opens: bool,
    reason: str,
    at: datetime,
    now: datetime,
    data: Mapping[str, Any] | None,
) -> Signal:
    signal = Signal(
        monitor_id=rule.monitor_id,
        rule=rule,
        condition=rule.condition,
        opens=opens,
        effective_at=at,
        recorded_at=now,
        severity=row.severity,
        urgency=row.urgency,
        rule_version=rule.version,
        reason=reason[:REASON_MAX],
    )
    signal.save()
    told = {
        "condition": rule.condition,
        "opens": opens,
        "effective_at": instant(at),
        "severity": row.severity,
        "urgency": row.urgency,
        "rule": rule.public_id,
        "rule_version": rule.version,
        **(data or {}),
    }
    record("monitor.condition_changed", [rule.monitor, signal], told, now=now)
    hint("intake")
    return signal
