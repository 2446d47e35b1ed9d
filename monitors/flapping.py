"""When a monitor flaps: it changes between up and down too often for each change to mean something.

Pure, standard library only. The rule in words is in docs/monitoring.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise


def flaps(changes: Iterable[datetime], now: datetime, *, most: int, within: timedelta) -> bool:
    """Whether there were more than `most` changes in the last `within`."""
    return sum(now - within < at <= now for at in changes) > most


def turns(states: Sequence[tuple[datetime, str]]) -> list[datetime]:
    """When a state became the other one. A state that comes back after time that nobody watched is no turn."""
    return [at for (_, before), (at, state) in pairwise(states) if state != before]


def is_quiet(changes: Iterable[datetime], now: datetime, *, within: timedelta) -> bool:
    """Whether a flapping monitor has kept one state for so long that it flaps no more."""
    return not any(now - within < at <= now for at in changes)
