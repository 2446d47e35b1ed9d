"""Packs of some days, and the bytes that SQLite keeps for a check of theirs. Prints one JSON line."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

from django.core.management import call_command
from django.db import connection, transaction

from config.demo.latency import phases_us
from monitors.engine.packing import insert_packs, pack_row
from monitors.packs import HOUR_MS, Sample
from monitors.samples import hour_of

MONITORS, HOURS = 60, 120


def main(interval_s: str) -> None:
    """Print the bytes of a check that runs every so many seconds."""
    print(json.dumps(_measured(int(interval_s))))


def _measured(interval_s: int) -> float:
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
    with connection.cursor() as cursor:
        pages, free, size = (
            cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size
