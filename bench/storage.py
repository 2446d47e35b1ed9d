"""Storage: bytes that SQLite keeps for a check, index included, once its hour is packed.

    python -m bench storage

Packs are written hour by hour for all monitors, as the engine writes them, with the latencies of the demo: each hour
differs from every other by its noise.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure, at_most, show

ROOT = Path(__file__).resolve().parent.parent
MONITORS, HOURS = 60, 120
BARS = {60: 5, 300: 12}


def run() -> Iterator[Figure]:
    """Yield bytes a check at one and at five minutes."""
    for interval_s, bar in BARS.items():
        with tempfile.TemporaryDirectory(prefix="watchbook-bench-") as folder:
            kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
            environ = {**kept, "DATA_DIR": folder, "WATCHBOOK_ENV_FILE": "", "LOG_LEVEL": "error"}
            command = [sys.executable, "-m", "bench.storage", str(interval_s)]
            done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True)
        yield at_most("storage", f"packed, every {interval_s} s", json.loads(done.stdout), "bytes a check", bar)


def _measure(interval_s: int) -> float:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    from config.demo.latency import phases_us
    from monitors.engine.packing import insert_packs, pack_row
    from monitors.packs import HOUR_MS, Sample
    from monitors.samples import hour_of

    call_command("migrate", verbosity=0)
    rng, first = random.Random(1), hour_of(datetime(2026, 3, 1, tzinfo=UTC))
    phases = [rng.randrange(interval_s * 1000) for _ in range(MONITORS)]
    before, samples = _bytes(), 0
    for hour in range(first, first + HOURS):
        rows = []
        for monitor, phase in enumerate(phases):
            floor = 900 + 40 * monitor
            held = [
                Sample(at, "ok", False, int(rng.expovariate(0.9)), round(floor + rng.gammavariate(2.2, floor * 0.07)))
                for at in range(phase, HOUR_MS, interval_s * 1000)
            ]
            samples += len(held)
            parts = zip(*(phases_us(one.total) for one in held), strict=True)
            rows.append(pack_row((monitor + 1, hour, 1, 3), held, parts))
        with transaction.atomic():
            insert_packs(rows)
    return (_bytes() - before) / samples


def _bytes() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        pages, free, size = (
            cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(_measure(int(sys.argv[1]))))
    else:
        bad = [figure for figure in run() if not show(figure)]
        sys.exit(1 if bad else 0)
