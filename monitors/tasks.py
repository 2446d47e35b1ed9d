"""Celery tasks of monitors: one call each."""

from __future__ import annotations

from typing import Any

from celery import shared_task, signals

from ledger.clock import now
from monitors.engine import runner


@shared_task(name="monitors.run_plan", ignore_result=True)
def run_plan(plan_id: int) -> None:
    """Run one plan in this process, which is at its location."""
    runner.run_plan(plan_id, now=now())


@signals.worker_process_shutdown.connect
def hand_over_the_rest(**kwargs: Any) -> None:
    """A child of a prefork pool leaves without Python's own clean-up: store what its prober has finished."""
    runner.stop()
