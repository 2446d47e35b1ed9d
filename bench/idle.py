"""What the embedded installation costs while nothing happens: 10 monitors at 60 s."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figures import Figure, at_most
from bench.house import House, add_monitors, target

MONITORS = 10
INTERVAL_S = 60
SETTLE_S = 20
MEASURE_S = 120


def run() -> Iterator[Figure]:
    """Memory of the three processes together, and their share of one core over two minutes."""
    with target() as url, House() as house:
        add_monitors(house, url, MONITORS, INTERVAL_S)
        time.sleep(SETTLE_S)
        before, began = house.cpu_seconds(), time.monotonic()
        time.sleep(MEASURE_S)
        share = (house.cpu_seconds() - before) / (time.monotonic() - began) * 100
        yield at_most("idle", "memory", house.resident_mb(), "MB", 350)
        yield at_most("idle", "cpu", share, "% of one core", 3)
        results = int(
            house.manage("shell", "-v0", "-c", "from monitors.models import Result; print(Result.objects.count())")
        )
        yield Figure("idle", "checks done meanwhile", results, "checks", MONITORS, results >= MONITORS)
