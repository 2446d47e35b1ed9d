"""Time inside one long tick: the database's `now`, read once, plus what has passed since."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class Stopwatch:
    """Started with the tick's `now`. A sender that talks to slow providers must not date its last page with its first.

    The distance comes from the monotonic clock, so a step of the machine's own clock changes nothing.
    """

    def __init__(self, now: datetime) -> None:
        self._start = now
        self._begun = time.monotonic()

    def now(self) -> datetime:
        """Return the current instant."""
        return self._start + timedelta(seconds=self.elapsed_s())

    def elapsed_s(self) -> float:
        """Return seconds since the tick began."""
        return time.monotonic() - self._begun
