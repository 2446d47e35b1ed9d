"""Celery tasks of monitors: one call each."""

from __future__ import annotations

from celery import shared_task

from ledger.clock import now
from monitors.engine.runner import run_plan as run


@shared_task(name="monitors.run_plan", ignore_result=True)
def run_plan(plan_id: int) -> None:
    """Run one plan in this process, which is at its location."""
    run(plan_id, now=now())
