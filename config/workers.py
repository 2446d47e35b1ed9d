"""What every `celery -A config worker` and `celery -A config beat` does besides Celery's own work."""

from __future__ import annotations

from typing import Any

from celery import signals

from config.beat import upsert_beat_table
from config.goodbye import say_goodbye
from config.watchdog import Watchdog


@signals.celeryd_after_setup.connect
def start_watchdog(instance: Any = None, **kwargs: Any) -> None:
    """Give a worker that takes engine work its watchdog, before it has reached the broker.

    In a prefork pool the thread stays in the parent process, which runs no tasks of its own.
    """
    if "engine" in instance.app.amqp.queues.consume_from:
        Watchdog().start()


@signals.worker_shutdown.connect
def note_the_stop(sender: Any = None, **kwargs: Any) -> None:
    """An engine worker that was told to stop says so; whoever goes on ticking takes the word back."""
    if "engine" in sender.app.amqp.queues.consume_from:
        say_goodbye()


@signals.beat_init.connect
def put_beat_table(**kwargs: Any) -> None:
    """Bring the beat table to this version before the first round."""
    upsert_beat_table()
