"""How hints leave a process: one thread, one message a name at a time, never in the way of a commit.

The committing thread only leaves the name here. While the thread is publishing or resting, further
hints of the same name fall together; the last of them is never swallowed, so a hint always leaves
after the commit that asked for it. A broker that is away costs a log line: ticks find the work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from config.celery import app

log = structlog.get_logger(__name__)

# A hint nobody took within this time is worthless: ticks came by long ago.
LIFE_S = 30
QUEUES = {
    "probe": "engine",
    "intake": "engine",
    "plan": "engine",
    "link": "engine",
    "send": "deliver",
    "alive": "deliver",
    "ping": "deliver",
    # receivers of webhooks may be slow, and providers that are asked about accounts: they must not take a place from pages
    "webhook": "slow",
    "accounts": "slow",
    "seal": "slow",
}
GAP_S = 0.02
REST_AFTER_FAILURE_S = 2.0


class Publisher:
    """Callable that takes the name of a hint and returns at once."""

    def __init__(
        self, send: Callable[[str], None], *, gap_s: float = GAP_S, rest_s: float = REST_AFTER_FAILURE_S
    ) -> None:
        self._send = send
        self._gap_s = gap_s
        self._rest_s = rest_s
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, name: str) -> None:
        """Publish the hint soon."""
        with self._lock:
            self._wanted.add(name)
            # looked at on every call: a forked child inherits the object but not the thread
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
                self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                names, self._wanted = sorted(self._wanted), set()
            pause.wait(self._gap_s if self._publish(names) else self._rest_s)

    def _publish(self, names: list[str]) -> bool:
        """Send each name; False as soon as the broker refuses one."""
        for name in names:
            try:
                self._send(name)
            except Exception as error:  # noqa: BLE001 - a broker may fail in any way; the committed row is the truth
                log.warning("hint_lost", hint=name, error=type(error).__name__)
                return False
        return True


def knock(name: str) -> None:
    """Hand one hint to the broker: the task `watchbook.knock`, named so that a web process need not import it."""
    app.send_task("watchbook.knock", args=(name,), queue=QUEUES[name], expires=LIFE_S, retry=False)
