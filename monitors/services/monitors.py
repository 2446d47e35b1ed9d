"""Monitors: making, changing, pausing, resuming and retiring them, one transaction each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Team
from ledger.crypto import fingerprint
from ledger.hints import hint
from monitors import judge
from monitors.conditions import DOWN, OF_KIND
from monitors.kinds import HEARTBEAT, HTTP, KINDS
from monitors.models import Location, Monitor, MonitorState, ProbeSlot, Rule, Service
from monitors.services import heartbeats, ping_keys
from monitors.services.conditions import end_conditions, ensure_rule
from monitors.services.definition import RULE_FIELDS, Definition, define
from monitors.services.locations import ensure_location, start_checking, timing
from monitors.services.refusals import name_once, refusal
from monitors.services.transitions import Why, apply, begin, end, lock_state, remember, standing_of
from monitors.states import Cause, IllegalMove
from monitors.tags import TagError, read_tags


@transaction.atomic
def create_monitor(
    *,
    service: Service,
    name: str,
    target: Mapping[str, Any],
    now: datetime,
    kind: str = HTTP,
    reason: str = "",
    secrets: Mapping[str, Any] | None = None,
    team: Team | None = None,
    locations: Sequence[Location] | None = None,
    tags: Sequence[str] = (),
    **numbers: Any,
) -> Monitor:
    """Make a monitor of a type of check, with its rule "down", and have it checked at once.

    target, secrets: the fields of its kind (`monitors.kinds`). locations: where it is checked from, our own place
    if not given. tags: as `monitors.tags.read_tags` takes them. numbers: interval_s, timeout_s, confirmation_s, recovery_s, severity, urgency. Raises
    ValidationError by field.
    """
    definition = define(KINDS[kind], {**numbers, "target": target, "secrets": secrets or {}}, None, None)
    monitor = Monitor(service=service, team=team or service.team, kind=kind)
    _put(monitor, definition, name=name, tags=tags)
    with name_once(_taken(monitor)):
        monitor.save(now=now, reason=reason)
    rule = Rule(monitor=monitor, condition=DOWN, **definition.rule)
    rule.save(now=now, reason=reason)
    for condition in OF_KIND.get(kind, ()):
        ensure_rule(monitor, condition, now=now, reason=reason)
    begin(monitor, now=now)
    if kind == HEARTBEAT:
        if locations:
            raise refusal("locations", "A heartbeat is checked from nowhere: its job pings Watchbook.")
        heartbeats.begin_heartbeat(monitor)
        ping_keys.give_key(monitor, now=now, reason=reason)
        return monitor
    start_checking(monitor, locations, now=now, reason=reason)
    return monitor


@transaction.atomic
def change_monitor(
    monitor: Monitor,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
    expected_rule_version: int | None = None,
) -> Monitor:
    """Change what `changes` names; the next check runs at once and under the new terms. History is never re-scored.

    changes: as for create_monitor, and name, service, team; `tags` takes the place of those it has. A part of `target` or `secrets` that is not given
    stays; a part of `secrets` given as None is removed. Raises ValidationError by field, StaleVersion.
    """
    row = lock_state(monitor.pk)  # before the monitor's own row, as everybody does
    if Monitor.objects.filter(pk=monitor.pk, retired_at__isnull=False).exists():
        raise refusal("monitor", f"{monitor.name} was retired.", "conflict")
    _settle(row, monitor, now)
    rule = down_rule(monitor)
    definition = define(KINDS[monitor.kind], changes, monitor, rule)
    for field in ("service", "team"):
        if field in changes:
            setattr(monitor, field, changes[field])
    _put(monitor, definition, name=str(changes.get("name", monitor.name)), tags=changes.get("tags", monitor.tags))
    with name_once(_taken(monitor)):
        monitor.save(now=now, reason=reason, expected_version=expected_version)
    for field, value in definition.rule.items():
        setattr(rule, field, value)
    rule.save(now=now, reason=reason, expected_version=expected_rule_version)
    if monitor.kind == HEARTBEAT:
        heartbeats.change_terms(row, monitor, now=now)
    elif not monitor.paused:
        _reschedule(monitor, now)
    return monitor


@transaction.atomic
def pause_monitor(monitor: Monitor, *, now: datetime, reason: str, expected_version: int | None = None) -> Monitor:
    """Stop checking. The time is paused, not up; an open alarm stays open. Raises ValidationError if paused."""
    row = _lock(monitor)
    _settle(row, monitor, now)
    standing = standing_of(row)
    try:
        standing, changes = judge.pause(standing, now)
    except IllegalMove:
        raise refusal("paused", f"{monitor.name} is paused already.", "conflict") from None
    monitor.paused_at = now
    monitor.save(now=now, reason=reason, expected_version=expected_version)
    _turn(row, standing, changes, monitor, now)
    _ask_no_more(monitor)
    return monitor


@transaction.atomic
def resume_monitor(monitor: Monitor, *, now: datetime, reason: str, expected_version: int | None = None) -> Monitor:
    """Check again, from now on. Raises ValidationError if it is not paused."""
    row = _lock(monitor)
    try:
        standing, changes = judge.resume(standing_of(row), now)
    except IllegalMove:
        raise refusal("paused", f"{monitor.name} is not paused.", "conflict") from None
    monitor.paused_at = None
    monitor.save(now=now, reason=reason, expected_version=expected_version)
    _turn(row, standing, changes, monitor, now)
    if monitor.kind == HEARTBEAT:
        heartbeats.go_on(row, monitor, now=now)
    else:
        _reschedule(monitor, now)
    return monitor


@transaction.atomic
def retire_monitor(monitor: Monitor, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """Take a monitor out of force: its life ends, its history stays, an open alarm closes with that reason."""
    row = _lock(monitor)
    _settle(row, monitor, now)
    rule = down_rule(monitor)
    monitor.retire(now=now, reason=reason, expected_version=expected_version)
    rule.retire(now=now, reason=reason)
    end_conditions(monitor, now=now, reason=reason)
    end(row, monitor=monitor, rule=rule, now=now)
    row.save()
    _ask_no_more(monitor)
    ping_keys.retire_keys_of(monitor, now=now, reason=reason)


def down_rule(monitor: Monitor) -> Rule:
    """The rule in force that says when a monitor is down."""
    return Rule.objects.in_force().get(monitor=monitor, condition=DOWN)


def _lock(monitor: Monitor) -> MonitorState:
    row = lock_state(monitor.pk)
    monitor.refresh_from_db()
    if monitor.retired_at:
        raise refusal("monitor", f"{monitor.name} was retired.", "conflict")
    return row


def _settle(row: MonitorState, monitor: Monitor, now: datetime) -> None:
    """Let a heartbeat's pings and deadlines up to `now` count before anything else does, under the terms in force."""
    if monitor.kind == HEARTBEAT:
        heartbeats.settle(row, Monitor.objects.get(pk=monitor.pk), now=now)


def _ask_no_more(monitor: Monitor) -> None:
    """Neither probe it nor wait for its pings."""
    ProbeSlot.objects.filter(monitor=monitor).update(next_due_at=None)
    heartbeats.stop(monitor)


def _turn(
    row: MonitorState, standing: judge.Standing, changes: tuple[judge.Change, ...], monitor: Monitor, now: datetime
) -> None:
    why = Why(cause=Cause.NO_RESULT.value)
    apply(row, changes, monitor=monitor, rule=down_rule(monitor), why=why, now=now)
    remember(row, standing)
    row.save()


def _reschedule(monitor: Monitor, now: datetime) -> None:
    ProbeSlot.objects.filter(monitor=monitor).update(next_due_at=now, **timing(monitor))
    hint("probe")


def _put(monitor: Monitor, definition: Definition, *, name: str, tags: Sequence[str]) -> None:
    monitor.name = name.strip()
    if not monitor.name or len(monitor.name) > 120:
        raise refusal("name", "Give it a name of at most 120 characters.")
    others = Monitor.objects.in_force().filter(service=monitor.service, name__iexact=monitor.name)
    if others.exclude(pk=monitor.pk).exists():
        raise refusal("name", _taken(monitor), "taken")
    try:
        monitor.tags = read_tags(tags)
    except TagError as error:
        raise refusal("tags", str(error)) from error
    monitor.target = definition.target.as_json()
    monitor.interval_s, monitor.timeout_s = definition.interval_s, definition.timeout_s
    held = definition.secrets.as_json()
    monitor.secrets = held or None
    monitor.secrets_fingerprint = fingerprint(repr(sorted(held.items())), "monitor.secrets") if held else ""


def _taken(monitor: Monitor) -> str:
    return f"Another monitor of {monitor.service.name} is already called {monitor.name}."


__all__ = [
    "RULE_FIELDS",
    "change_monitor",
    "create_monitor",
    "down_rule",
    "ensure_location",
    "pause_monitor",
    "resume_monitor",
    "retire_monitor",
]
