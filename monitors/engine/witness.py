"""What this process saw with its own eyes: whether the clock was put, the machine slept, the database was away.

Kept in memory and never asked of the database: it is what tells one silence from another afterwards.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

from monitors.gaps import Reading, Step, Witness, slept_between, step_between

CLOCK_STEP = timedelta(seconds=5)
_BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Eyes:
    """The memory of one process. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: Reading | None = None
        self._last: Reading | None = None
        self._asleep: list[tuple[float, timedelta]] = []
        self._away_at: float | None = None

    def look(self, reading: Reading) -> Step | None:
        """Compare the clocks with the last look; the step, if the clock was put."""
        with self._lock:
            last, self._last = self._last, reading
            self._since = self._since or reading
            if last is None:
                return None
            slept = slept_between(last, reading)
            if slept > timedelta(0):
                self._asleep = [*self._asleep[-9:], (reading.boot, slept)]
            step = step_between(last, reading, CLOCK_STEP)
            if step is not None:
                self._since = reading  # instants from before the step cannot be compared with those after it
            return step

    def database_was_away(self) -> None:
        """A question to the database failed, or its answer took very long."""
        with self._lock:
            self._away_at = _boot_seconds()

    def testify(self, silence: timedelta, boot: str) -> Witness | None:
        """What there is to say about a silence that ended at the last look; None before the first one."""
        with self._lock:
            if self._since is None or self._last is None:
                return None
            begun = self._last.boot - silence.total_seconds() - CLOCK_STEP.total_seconds()
            return Witness(
                alive_since=self._since.wall,
                boot=boot,
                database_away=self._away_at is not None and self._away_at >= begun,
                asleep=sum((slept for at, slept in self._asleep if at >= begun), timedelta(0)),
            )


def read_clocks(wall: datetime) -> Reading:
    """The clocks of this machine beside the time that a tick was given."""
    return Reading(wall, time.monotonic(), _boot_seconds())


def boot_id() -> str:
    """Which start of the machine this is; "" where it is not told."""
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            return file.read().strip()[:36]
    except OSError:
        return ""


def _boot_seconds() -> float:
    """Seconds since the machine was started, its sleep included where the system counts it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


eyes = Eyes()
