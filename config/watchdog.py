"""A thread in every engine worker that runs the ticks itself when Celery brings none.

Beat dead, broker unreachable, pool full, a tick that hangs: none of them may stop a page. The thread
asks the database when a process last ticked by Celery; after WATCHDOG_AFTER_S it runs the same steps,
probes and sending included, without Celery, until ticks come by again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from config import ticks
from config.steps import deliver, ping, send_webhooks
from ledger import liveness
from ledger.clock import now as database_now
from monitors.engine.witness import eyes

log = structlog.get_logger(__name__)

# threads at the same time; what may be slow has a place of its own, so that it takes none from pages
SENDERS = {"send": 2, "ping": 1, "webhooks": 1}


class Watchdog:
    """Looks every fifth of WATCHDOG_AFTER_S; ticks every TICK_S while it has taken over."""

    def __init__(self) -> None:
        self._tick = ticks.Tick(ticks.WATCHDOG)
        self._stop = threading.Event()
        self._places = {name: threading.Semaphore(count) for name, count in SENDERS.items()}
        self.took_over = False

    def start(self) -> None:
        """Begin watching in a daemon thread."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """End watching after the look that is under way."""
        self._stop.set()

    def _run(self) -> None:
        # a first look only after the full time: a worker that just started gives beat its chance
        pause = settings.WATCHDOG_AFTER_S
        while not self._stop.wait(pause):
            self.look()
            pause = settings.TICK_S if self.took_over else settings.WATCHDOG_AFTER_S / 5

    def look(self) -> None:
        """Tick if nobody did for WATCHDOG_AFTER_S."""
        try:
            close_old_connections()
            asked = time.monotonic()
            now = database_now()
            overdue = is_overdue(now)
            if time.monotonic() - asked > settings.WATCHDOG_AFTER_S:
                eyes.database_was_away()
            if overdue != self.took_over:
                log.warning("watchdog_took_over" if overdue else "watchdog_stood_down")
            self.took_over = overdue
            if overdue:
                self._tick.run(now)
                self._beside("send", deliver)
                self._beside("ping", ping)
                self._beside("webhooks", send_webhooks)
        except (OperationalError, InterfaceError) as error:
            eyes.database_was_away()
            log.warning("watchdog_failed", error=type(error).__name__)
        except Exception:  # the last line of defence must outlive a database that is away
            log.exception("watchdog_failed")

    def _beside(self, name: str, run: Callable[[datetime], object]) -> None:
        """Run a step in a thread of its own: a provider that hangs must not hold the ticks."""
        places = self._places[name]
        if not places.acquire(blocking=False):
            return

        def work() -> None:
            try:
                ticks.attempt(name, run, database_now())
            finally:
                places.release()
                close_old_connections()

        threading.Thread(target=work, name=f"watchdog-{name}", daemon=True).start()


def is_overdue(now: datetime) -> bool:
    """Whether no process ticked by Celery within WATCHDOG_AFTER_S."""
    age = liveness.age(ticks.ENGINE, now=now)
    return age is None or age > timedelta(seconds=settings.WATCHDOG_AFTER_S)
