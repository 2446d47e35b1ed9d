"""The engine process of the embedded mode: Celery's worker and beat as threads, probes included.

It is the only heavy writer of the SQLite file and the only process that publishes: the in-memory
transport reaches no other.
"""

from __future__ import annotations

import threading

from celery import Celery, beat
from celery.worker import WorkController
from celery.worker import state as worker_state
from django.conf import settings

from config import memory
from config.goodbye import say_goodbye
from config.hints import Publisher, knock
from config.watchdog import Watchdog
from ledger.hints import set_publisher
from monitors.engine import runner

# What is under way when the engine is told to stop may finish for so long; after that its rows,
# which are leased and not lost, wait for the next start.
STOP_GRACE_S = 5.0
QUEUES = ("engine", "deliver", "slow")


def run(app: Celery, stop: threading.Event) -> int:
    """Start worker, beat and watchdog, wait for `stop`, and stop them; 1 if one of them ended by itself."""
    app.finalize()
    worker = WorkController(
        app=app,
        hostname="engine@localhost",
        pool_cls="threads",
        concurrency=settings.ENGINE_THREADS,
        queues=[*QUEUES, f"probe.{settings.LOCATION}"],
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    schedule = beat.Service(app, scheduler_cls=app.conf.beat_scheduler)
    watchdog = Watchdog()
    threads = [
        threading.Thread(target=worker.start, name="worker", daemon=True),
        threading.Thread(target=schedule.start, name="beat", daemon=True),
    ]
    for thread in threads:
        thread.start()
    set_publisher(Publisher(knock))
    watchdog.start()
    while all(thread.is_alive() for thread in threads) and not stop.wait(1.0):
        continue
    set_publisher(None)
    watchdog.stop()
    schedule.stop()
    setattr(worker_state, "should_stop", 0)  # noqa: B010 - typed as None in the stubs, an exit code in the code
    memory.close()
    threads[0].join(STOP_GRACE_S)
    runner.stop()
    if stop.is_set():
        say_goodbye()
    return 0 if stop.is_set() else 1
