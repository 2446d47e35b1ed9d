"""The steps of one engine tick, in order. Each finds its work in the database and may run anywhere, twice, at once.

A tick is what carries a fault through the house when hints are lost: probes are started, signals
become incidents, due steps become pages, entries are chained. A step that fails is logged and does
not hold the others up.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from config.liveness import ENGINE, FAILED, STEP, WATCHDOG
from config.steps import STEPS, Run, Step
from ledger import liveness
from ledger.actors import SYSTEM, acting_as
from monitors.engine.witness import eyes

__all__ = ["ENGINE", "WATCHDOG", "Tick", "attempt", "by_celery", "sign"]

log = structlog.get_logger(__name__)

SIGN_OF_LIFE_S = 10.0


@dataclass
class Tick:
    """One way of ticking in one process: by Celery ("engine") or by the watchdog.

    Both have their own lock and their own sign of life, so that a tick that hangs neither stops the
    watchdog nor hides from it. `last_run` and `last_sign` are monotonic seconds by step.
    """

    name: str
    steps: tuple[Step, ...] = STEPS
    lock: threading.Lock = field(default_factory=threading.Lock)
    last_run: dict[str, float] = field(default_factory=dict)
    last_sign: dict[str, float] = field(default_factory=dict)

    def run(self, now: datetime) -> dict[str, bool] | None:
        """Run the steps that are due and record the sign of life; None while the last tick still runs.

        Returns step → whether it went well.
        """
        if not self.lock.acquire(blocking=False):
            return None
        try:
            with acting_as(SYSTEM):
                outcome = {step.name: self._one(step, now) for step in self.steps if self._is_due(step)}
                self._sign(outcome, now)
                return outcome
        finally:
            self.lock.release()

    def _is_due(self, step: Step) -> bool:
        last = self.last_run.get(step.name)
        # a tenth of a tick of slack: beat's own jitter must not skip a turn
        return last is None or time.monotonic() - last >= step.every_s - settings.TICK_S / 10

    def _one(self, step: Step, now: datetime) -> bool:
        self.last_run[step.name] = time.monotonic()
        return attempt(step.name, step.run, now)

    def _sign(self, outcome: dict[str, bool], now: datetime) -> None:
        """Record that the engine ticked, each time, and how its steps went, now and then."""
        mono = time.monotonic()
        before = self.last_sign.get(self.name)
        late = 0.0 if before is None else max(0.0, mono - before - settings.TICK_S)
        self.last_sign[self.name] = mono
        attempt(
            "sign", lambda now: liveness.beat(self.name, now=now, lag_ms=round(late * 1000), rows=len(outcome)), now
        )
        for name, went_well in outcome.items():
            component = (STEP if went_well else FAILED) + name
            if mono - self.last_sign.get(component, -SIGN_OF_LIFE_S) >= SIGN_OF_LIFE_S:
                self.last_sign[component] = mono
                attempt("sign", partial(sign, component), now)


def sign(component: str, now: datetime, *, lag_ms: int = 0, rows: int = 0) -> None:
    """Record a sign of life."""
    liveness.beat(component, now=now, lag_ms=lag_ms, rows=rows)


def attempt(name: str, run: Run, now: datetime) -> bool:
    """Run one step; False, and a log line with the traceback, if it failed."""
    try:
        run(now)
    except (OperationalError, InterfaceError):
        eyes.database_was_away()
        log.exception("step_failed", step=name)
        return False
    except Exception:  # one broken step must not stop paging
        log.exception("step_failed", step=name)
        return False
    return True


by_celery = Tick(ENGINE)
