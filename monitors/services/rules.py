"""Rules beside "down": how loud they are, and the threshold of response times. One transaction each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from monitors.conditions import CONDITIONS, DOWN, SLOW
from monitors.models import Monitor, Rule
from monitors.models.monitors import SEVERITIES, URGENCIES
from monitors.services.conditions import clear_condition
from monitors.services.refusals import refusal
from monitors.thresholds import Terms, TermsError, read_terms


def read_slow_terms(given: Mapping[str, Any]) -> Terms:
    """Terms about response times. Raises ValidationError by field."""
    try:
        return read_terms(given, measures="time")
    except TermsError as error:
        raise refusal(error.field, error.sentence) from None


def slow_rule(monitor: Monitor) -> Rule | None:
    """The rule in force about a monitor's response times; None without one."""
    return Rule.objects.in_force().filter(monitor=monitor, condition=SLOW).select_related("monitor").first()


@transaction.atomic
def set_slow_rule(
    monitor: Monitor,
    terms: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
    severity: int | None = None,
    urgency: str | None = None,
    expected_version: int | None = None,
) -> Rule:
    """Say from when on a monitor is slow: its rule is made, or changed. What was measured before is not judged again.

    severity, urgency: of the alert; a warning is one milder, and low. Raises ValidationError by field, StaleVersion.
    """
    usual = CONDITIONS[SLOW]
    rule = slow_rule(monitor) or Rule(
        monitor=monitor, condition=SLOW, severity=usual.severity, urgency=usual.urgency, confirmation_s=0, recovery_s=0
    )
    rule.terms = read_slow_terms(terms).as_json()
    return _saved(rule, severity, urgency, now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def change_loudness(
    rule: Rule,
    *,
    now: datetime,
    reason: str = "",
    severity: int | None = None,
    urgency: str | None = None,
    expected_version: int | None = None,
) -> Rule:
    """Say how loud a rule is from its next signal on. "Down" is changed with its monitor. Raises ValidationError, StaleVersion."""
    if rule.condition == DOWN:
        raise refusal("rule", "The rule of being down is changed with its monitor.", "conflict")
    return _saved(rule, severity, urgency, now=now, reason=reason, expected_version=expected_version)


@transaction.atomic
def retire_slow_rule(rule: Rule, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Judge response times no longer; what the rule holds open is closed. Raises ValidationError, StaleVersion."""
    if rule.condition != SLOW:
        raise refusal("rule", "Only a rule of response times is taken away by itself.", "conflict")
    clear_condition(rule, reason="Its rule was retired.", effective_at=now, now=now)
    rule.retire(now=now, reason=reason, expected_version=expected_version)


def _saved(
    rule: Rule,
    severity: int | None,
    urgency: str | None,
    *,
    now: datetime,
    reason: str,
    expected_version: int | None,
) -> Rule:
    rule.severity = rule.severity if severity is None else severity
    rule.urgency = rule.urgency if urgency is None else urgency
    if rule.severity not in SEVERITIES:
        raise refusal("severity", "Severity is 1 (worst) to 4.")
    if rule.urgency not in URGENCIES:
        raise refusal("urgency", "Urgency is high or low.")
    rule.save(now=now, reason=reason, expected_version=expected_version)
    return rule
