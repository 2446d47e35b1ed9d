"""Kombu's in-memory transport, woken by a message instead of looking for one fifty times a second.

The embedded engine is idle most of its life; looking costs 1 % of a core and every message half the
pause. Here the consumer sleeps until something was put or acknowledged.
"""

from __future__ import annotations

import threading
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import memory
from kombu.utils.scheduling import FairCycle

# Something may be there to be taken. One event for all queues: there is one consumer.
stirred = threading.Event()
# Set when the engine stops: Celery's loop waits once more after it was told to shut down.
closing = threading.Event()
LONGEST_WAIT_S = 3600.0


def close() -> None:
    """Let nobody wait for messages any more."""
    closing.set()
    stirred.set()


class Channel(memory.Channel):
    """Stirs the consumer whenever a message comes in or room for the next one is made."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)
        stirred.set()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Acknowledge; the prefetch limit may have held a message back."""
        super().basic_ack(delivery_tag, multiple=multiple)
        stirred.set()


class Transport(memory.Transport):
    """The in-memory transport without its polling."""

    Channel = Channel
    cycle: FairCycle

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Deliver one message, waiting for it up to `timeout`. Raises TimeoutError when none came."""
        deadline = monotonic() + (LONGEST_WAIT_S if timeout is None else timeout)
        while True:
            # cleared before looking: what arrives while we look wakes the wait below
            stirred.clear()
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                left = deadline - monotonic()
                if left <= 0 or closing.is_set():
                    raise TimeoutError from None
                stirred.wait(left)
            else:
                return
