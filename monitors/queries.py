"""Reads for screens, API and the apps above: rows to plain answers. `now` is always an argument."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from monitors.models import Signal


def unclaimed_signals(limit: int) -> list[Signal]:
    """Signals nobody has taken yet, oldest first, with monitor and service loaded."""
    waiting = Signal.objects.filter(claimed_at__isnull=True).order_by("id")
    return list(waiting.select_related("monitor__service", "rule")[:limit])


def claim_signal(signal: Signal, now: datetime) -> bool:
    """Take a signal; True for exactly one of all who try. Call it in the transaction of what is done with it."""
    return Signal.objects.filter(pk=signal.pk, claimed_at__isnull=True).update(claimed_at=now) == 1


def earlier_unclaimed(signal: Signal) -> bool:
    """Whether an older signal of the same condition still waits: signals of one condition go in order."""
    older = _same_condition(signal).filter(pk__lt=signal.pk, claimed_at__isnull=True)
    return older.exists()


def oldest_unclaimed_signal() -> datetime | None:
    """When the oldest waiting signal was recorded; None if none waits."""
    waiting = Signal.objects.filter(claimed_at__isnull=True).order_by("id")
    return waiting.values_list("recorded_at", flat=True).first()


def _same_condition(signal: Signal) -> QuerySet[Signal]:
    return Signal.objects.filter(monitor_id=signal.monitor_id, condition=signal.condition)
