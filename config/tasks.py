"""Celery tasks of the engine: each reads the clock once and makes one call."""

from __future__ import annotations

from celery import shared_task

from config import ticks, workers
from config.housekeeping import tidy
from config.steps import HINTS
from ledger.actors import SYSTEM, acting_as
from ledger.clock import now

# importing it connects the watchdog to every worker that finds these tasks
__all__ = ["engine_tick", "housekeeping", "knock", "workers"]


@shared_task(name="watchbook.engine_tick")
def engine_tick() -> None:
    """Run every step that is due."""
    ticks.by_celery.run(now())


@shared_task(name="watchbook.knock")
def knock(hint: str) -> None:
    """Run the one step that the hint asks for."""
    with acting_as(SYSTEM):
        ticks.attempt(hint, HINTS[hint], now())


@shared_task(name="watchbook.housekeeping")
def housekeeping() -> None:
    """Clear away what nobody will read again."""
    tidy(now=now())
