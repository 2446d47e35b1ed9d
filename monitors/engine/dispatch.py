"""Sending a plan to its probe: by the broker, or in this process while the broker is away (law 2)."""

from __future__ import annotations

import time

import structlog
from celery import current_app
from django.conf import settings

from ledger.clock import now as clock_now  # noqa: TID251 - an edge of the house, like a task
from monitors.engine.runner import run_plan

log = structlog.get_logger(__name__)

TASK = "monitors.run_plan"
# A plan is worthless once its slots are over; the broker need not keep it.
LIFE_S = 60
REST_AFTER_FAILURE_S = 10.0

_broker_rests_until = 0.0


def dispatch(plan_id: int, location: str) -> None:
    """Publish one plan. If the broker refuses, run it here when this process is at that location."""
    global _broker_rests_until
    if time.monotonic() >= _broker_rests_until:
        try:
            current_app.send_task(TASK, args=(plan_id,), queue=f"probe.{location}", expires=LIFE_S, retry=False)
        except Exception as error:  # noqa: BLE001 - a broker may fail in any way; the plan's row is the truth
            _broker_rests_until = time.monotonic() + REST_AFTER_FAILURE_S
            log.warning("plan_not_published", plan=plan_id, error=type(error).__name__)
        else:
            return
    if location == settings.LOCATION:
        run_plan(plan_id, now=clock_now())
