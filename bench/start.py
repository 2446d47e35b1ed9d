"""How long starting takes: the first time in an empty folder, and every time after that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from bench.figures import Figure, at_most
from bench.house import House

ROUNDS = 3


def run() -> Iterator[Figure]:
    """Seconds from `python3 up.py` to a /readyz of 200, packages installed already."""
    began = time.monotonic()
    with House() as house:
        yield at_most("start", "first", time.monotonic() - began, "s", 30)
        again = [_restart(house) for _ in range(ROUNDS)]
    yield at_most("start", "second", median(again), "s", 5)


def _restart(house: House) -> float:
    house.stop()
    began = time.monotonic()
    house.start()
    return time.monotonic() - began
