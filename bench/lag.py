"""Lag: 1,000 HTTP monitors checked every second by the real engine process, embedded, on SQLite.

    python -m bench lag

A folder of its own is made and removed. The engine is `manage.py engine` as `make up` starts it; what is
measured is its whole process: Celery, ticks, checks, judging, ledger. Start lag is taken from the results
it stored: how long after its planned instant each check was started. MONITORS and SECONDS change the size.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.figures import Figure, at_least, at_most, percentile

MONITORS = int(os.environ.get("MONITORS", "1000"))
SECONDS = float(os.environ.get("SECONDS", "30"))
WARM_UP_S = 12.0  # the first plans, and every request compiled once
BAR_CORE, BAR_LAG_MS, BAR_MB, BAR_RAN = 0.60, 50.0, 250.0, 0.999

MAKE = """
import sys
import django
django.setup()
from datetime import timedelta
from accounts.models import AllowedNetwork
from django.db import transaction
from ledger.clock import now
from monitors.services import create_monitor, create_service
AllowedNetwork(cidr="127.0.0.0/8").save(now=now(), reason="bench")
with transaction.atomic():
    service = create_service(name="Bench", now=now())
    for number in range(int(sys.argv[2])):
        create_monitor(service=service, name=f"monitor {number}", target={"url": f"http://127.0.0.1:{sys.argv[1]}/"},
                       now=now(), interval_s=1)
"""


def run() -> Iterator[Figure]:
    """Yield the engine's share of a core, its worst common start lag, its memory, and the share of slots it ran."""
    folder = Path(tempfile.mkdtemp(prefix="watchbook-bench-"))
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "WATCHBOOK_ENV_FILE": "",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "warning",
    }
    target = subprocess.Popen(
        [sys.executable, "-m", "bench.target"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        port = target.stdout.readline().strip()  # type: ignore[union-attr]
        python(environment, "manage.py", "prepare")
        python(environment, "-c", MAKE, port, str(MONITORS))
        measured = measure(environment, folder)
        sys.stderr.write(json.dumps(measured) + "\n")
        name = f"{MONITORS:,} monitors at 1 s: "
        yield at_most("lag", name + "engine", measured["cores"], "cores", BAR_CORE)
        yield at_most("lag", name + "start lag p99", measured["lag_p99_ms"], "ms", BAR_LAG_MS)
        yield at_most("lag", name + "resident memory", measured["mb"], "MB", BAR_MB)
        yield at_least("lag", name + "share of slots run and stored", measured["ran"], "", BAR_RAN)
    finally:
        target.stdin.close()  # type: ignore[union-attr]
        target.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def python(environment: dict[str, str], *arguments: str) -> None:
    """Run Python to its end; its output is only wanted if it fails."""
    subprocess.run([sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


def measure(environment: dict[str, str], folder: Path) -> dict[str, float]:
    """Run the engine, warmed up, for SECONDS and say what it took."""
    engine = subprocess.Popen([sys.executable, "manage.py", "engine"], env=environment)
    try:
        process = psutil.Process(engine.pid)
        time.sleep(WARM_UP_S)
        before, began = process.cpu_times(), time.time()
        time.sleep(SECONDS)
        after, ended = process.cpu_times(), time.time()
        resident = process.memory_info().rss
        time.sleep(2)  # the last results of the window reach the database
    finally:
        engine.terminate()
        engine.wait(20)
    lags, totals = results(folder, began, ended)
    return {
        "cores": (after.user + after.system - before.user - before.system) / (ended - began),
        "lag_p50_ms": percentile(lags, 0.5) / 1000,
        "lag_p99_ms": percentile(lags, 0.99) / 1000,
        "lag_max_ms": max(lags) / 1000,
        "check_p50_ms": percentile(totals, 0.5) / 1000,
        "mb": resident / 1_000_000,
        "ran": len(lags) / (MONITORS * (ended - began)),
        "checks_per_second": len(lags) / (ended - began),
    }


def results(folder: Path, began: float, ended: float) -> tuple[list[float], list[float]]:
    """Start lags and totals, in microseconds, of the checks planned in a span that were run."""
    query = (
        "SELECT lag_us, total_us FROM monitors_result WHERE outcome = 'ok' AND "
        "unixepoch(planned_at) + CAST(strftime('%f', planned_at) AS REAL) % 1 BETWEEN ? AND ?"
    )
    with sqlite3.connect(folder / "watchbook.sqlite3") as database:
        rows = database.execute(query, (began, ended)).fetchall()
    return [float(row[0]) for row in rows], [float(row[1]) for row in rows]
