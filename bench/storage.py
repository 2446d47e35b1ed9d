"""Storage: bytes that SQLite keeps for a check, index included, once its hour is packed.

    python -m bench storage

Packs are written hour by hour for all monitors, as the engine writes them, with the latencies of the demo: each hour
differs from every other by its noise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from bench.child import environment, told
from bench.figures import Figure, at_most

BARS = {60: 5, 300: 12}


def run() -> Iterator[Figure]:
    """Yield bytes a check at one and at five minutes."""
    for interval_s, bar in BARS.items():
        with tempfile.TemporaryDirectory(prefix="watchbook-bench-") as folder:
            value = told("storage", str(interval_s), environ=environment(folder))
        yield at_most("storage", f"packed, every {interval_s} s", value, "bytes a check", bar)
