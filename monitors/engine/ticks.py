"""The engine's ticks: claim the coming slots, and sweep up what fell silent. Bounded, repeatable, safe at once."""

from __future__ import annotations

import time
from datetime import datetime

from django.conf import settings

from monitors import slots
from monitors.engine.advisories import advise
from monitors.engine.claiming import claim_some
from monitors.engine.dispatch import dispatch
from monitors.engine.flaps import sweep_flaps
from monitors.engine.steps import sweep_steps
from monitors.engine.sweeping import sweep_plans, sweep_silence
from monitors.models import Location, ProbePlan, ProbeSlot
from monitors.remote.sending import send_plan

CLAIM_BATCH = 500  # monitors a transaction, which then takes some 20 ms


def claim(now: datetime) -> int:
    """Plan the slots of the coming window and send the plans to their probes; return how many slots."""
    until = slots.horizon(now, settings.PLAN_WINDOW_S)
    if not ProbeSlot.objects.filter(next_due_at__lt=until).exists():
        return 0  # without a look first, every idle second would take the write lock
    places = Location.objects.in_bulk()

    def send(plan: ProbePlan) -> None:
        place = places[plan.location_id]
        if place.remote:
            send_plan(plan, place, now=now)
        else:
            dispatch(plan.pk, place.name)

    planned = 0
    while True:
        began = time.monotonic()
        monitors, count = claim_some(now, until, CLAIM_BATCH, send)
        planned += count
        if monitors < CLAIM_BATCH:
            return planned
        time.sleep(time.monotonic() - began)  # half the time is other writers', and the prober's


def sweep(now: datetime) -> int:
    """Record the slots of lost plans as missed, close states into unknown that fell silent or were measured across a
    step of the clock, tell of failing locations and of monitors that flap."""
    return sweep_plans(now) + sweep_steps(now) + sweep_silence(now) + advise(now) + sweep_flaps(now)
