"""The engine's way out: a claimed plan becomes one sealed message for the probe of a remote location."""

from __future__ import annotations

import time
from datetime import datetime

import structlog
from django.conf import settings

from monitors.engine.plans import take
from monitors.models import Location, ProbePlan
from monitors.remote import broker
from monitors.remote.envelope import PLAN, seal
from monitors.remote.messages import plan_of, write
from monitors.remote.parties import engine_keys, probe_keys

log = structlog.get_logger(__name__)

REST_AFTER_FAILURE_S = 5.0

_broker_rests_until = 0.0


def send_plan(plan: ProbePlan, location: Location, *, now: datetime) -> bool:
    """Send a plan to its location. False if the broker refuses: the plan's row stays, and is lost in its time."""
    global _broker_rests_until
    keys = probe_keys(location)
    if keys is None or time.monotonic() < _broker_rests_until:
        return False
    job = take(plan.pk, now=now)
    if job is None:
        return False
    message = write(plan_of(job, sent_at=now, lost_after=plan.lost_after))
    try:
        client = broker.connect(settings.REDIS_URL)
        broker.push_plan(client, keys.name, seal(message, by=engine_keys(), to=keys, purpose=PLAN))
    except (broker.Unreachable, OSError) as error:
        _broker_rests_until = time.monotonic() + REST_AFTER_FAILURE_S
        log.warning("remote_plan_not_sent", location=location.name, plan=plan.pk, error=type(error).__name__)
        return False
    return True
