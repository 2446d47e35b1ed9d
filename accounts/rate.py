"""A rate rule: so many a minute for each key, counted in this process. Standard library only.

It is a brake against floods, not an account: another web process counts for itself, and a restart
forgets. It asks neither database nor cache, because it must hold while those are what is flooded.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

MAX_KEYS = 10_000


@dataclass
class RateRule:
    """At most `most` events in each span of `per_s` seconds for one key."""

    most: int
    per_s: float = 60.0
    _seen: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait_s(self, key: str, at: float) -> int:
        """Count one event at `at` (a monotonic clock's seconds). 0: go on; else whole seconds to wait."""
        with self._lock:
            began, count = self._seen.get(key, (at, 0))
            if at - began >= self.per_s:
                began, count = at, 0
            self._seen[key] = (began, count + 1)
            self._seen.move_to_end(key)
            while len(self._seen) > MAX_KEYS:
                self._seen.popitem(last=False)
            return 0 if count < self.most else max(1, math.ceil(began + self.per_s - at))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._seen.clear()
