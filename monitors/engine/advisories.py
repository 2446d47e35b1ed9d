"""Failing below quorum: a location that fails while no majority does is told by an advisory of its own.

Without it a region could be dead for days behind a green monitor.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ledger.promises import lasting
from monitors.conditions import BELOW_QUORUM
from monitors.models import ConditionState, Rule, Voice
from monitors.quorum import required, speaking
from monitors.services.conditions import clear_condition, raise_condition


def advise(now: datetime) -> int:
    """Raise the advisory where a location has failed for long enough, clear it where none fails; how many changed."""
    failing = Voice.objects.filter(failing_since__isnull=False, monitor__retired_at__isnull=True)
    found: dict[int, list[Voice]] = {}
    for voice in failing.select_related("monitor", "location").order_by("failing_since", "pk"):
        found.setdefault(voice.monitor_id, []).append(voice)
    return _raise(found, now) + _clear(set(found), now)


def _raise(found: dict[int, list[Voice]], now: datetime) -> int:
    rules = Rule.objects.in_force().filter(monitor__in=list(found), condition=BELOW_QUORUM).select_related("monitor")
    told = 0
    for rule in rules.exclude(standing__is_open=True).filter(monitor__paused_at__isnull=True):
        voices = [one for one in found[rule.monitor_id] if _speaks(one, now)]
        configured = Voice.objects.filter(monitor_id=rule.monitor_id).count()
        long = [one for one in voices if _lasted(one) >= timedelta(seconds=rule.confirmation_s)]
        if not long or len(voices) >= required(configured):
            continue
        data = {"failing": len(voices), "configured": configured, "required": required(configured)}
        reason = _sentence(long, configured)
        since = long[0].failing_since or now
        told += raise_condition(rule, reason=reason, effective_at=since, now=now, data=data) is not None
    return told


def _clear(failing: set[int], now: datetime) -> int:
    held = ConditionState.objects.filter(is_open=True, rule__condition=BELOW_QUORUM).exclude(monitor__in=failing)
    cleared = 0
    for state in held.select_related("rule__monitor"):
        heard = Voice.objects.filter(monitor_id=state.monitor_id, heard_at__isnull=False).order_by("-heard_at")
        at = heard.values_list("heard_at", flat=True).first() or now
        reason = "No location fails any more."
        cleared += clear_condition(state.rule, reason=reason, effective_at=at, now=now) is not None
    return cleared


def _speaks(voice: Voice, now: datetime) -> bool:
    interval, timeout = timedelta(seconds=voice.monitor.interval_s), timedelta(seconds=voice.monitor.timeout_s)
    return speaking(voice.heard_at, now=now, interval=interval, timeout=timeout)


def _lasted(voice: Voice) -> timedelta:
    if voice.heard_at is None or voice.failing_since is None:
        return timedelta(0)
    return voice.heard_at - voice.failing_since


def _sentence(long: Sequence[Voice], configured: int) -> str:
    names = ", ".join(one.location.name for one in long[:3])
    verb = "has" if len(long) == 1 else "have"
    said = f"{names} {verb} failed for {lasting(_lasted(long[0]))}; it counts as down when {required(configured)} of"
    return f"{said} {configured} locations fail. {long[0].detail}"
