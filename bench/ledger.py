"""Ledger: 8 processes record on PostgreSQL, one entry a transaction, while one linker ticks as the engine does.

    python -m bench ledger        needs a PostgreSQL server: BENCH_DATABASE_URL, default 127.0.0.1:5432

A database of its own is made and dropped. What is measured is `ledger.record` as every service calls
it, commit and fsync included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.child import ROOT, command
from bench.figures import Figure, at_least, at_most

SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
WRITERS = 8
SECONDS = 8.0
ROUNDS = 3

BAR_RATE, BAR_LAG = 1_000, 2.0


def run() -> Iterator[Figure]:
    """Yield entries a second, and how far behind the linker ever was: medians, and whether the worst round holds."""
    name = f"watchbook_bench_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            url = urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
            environment = {**os.environ, "DATABASE_URL": url, "WATCHBOOK_ENV_FILE": "", **keys()}
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"], cwd=ROOT, env=environment, check=True
            )
            rounds = [_round(url, environment) for _ in range(ROUNDS)]
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    rates, lags, faults = zip(*rounds, strict=True)
    rate = at_least("ledger", "entries recorded by 8 writers", median(rates), "1/s", BAR_RATE)
    yield replace(rate, ok=min(rates) >= 0.9 * BAR_RATE)
    yield at_most("ledger", "age of the oldest entry not yet linked, worst", max(lags), "s", BAR_LAG)
    yield at_most("ledger", "faults found when verified", sum(faults), "", 0)


def keys() -> dict[str, str]:
    """Settings that a process of the bench needs to have keys, and says nothing meanwhile."""
    key = "Ym" * 21 + "Y="
    names = ("SECRET_KEY", "FINGERPRINT_KEY", "SIGNING_KEY", "SEAL_KEY")
    return {"ENCRYPTION_KEYS": f"k1:{key}", **dict.fromkeys(names, key), "LOG_LEVEL": "error", "DATABASE_POOL": "2"}


def _child(role: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("ledger", role, str(SECONDS)),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _round(url: str, environment: dict[str, str]) -> tuple[float, float, int]:
    """One round; returns (entries a second, worst lag in seconds, faults)."""
    writers = [_child("write", environment) for _ in range(WRITERS)]
    linker = _child("link", environment)
    children = [*writers, linker]
    for child in children:
        child.stdout.readline()  # it says that it is ready: interpreters start slowly
    for child in children:
        child.stdin.write(f"{time.time() + 0.2}\n")
        child.stdin.flush()
    worst = 0.0
    with psycopg.connect(url, autocommit=True) as watch:
        while any(child.poll() is None for child in children):
            row = watch.execute("SELECT min(recorded_at) FROM ledger_entry WHERE seq IS NULL").fetchone()
            if row and row[0]:
                worst = max(worst, (datetime.now(UTC) - row[0]).total_seconds())
            time.sleep(0.1)
    written = [int(w.communicate()[0]) for w in writers]
    return sum(written) / SECONDS, worst, int(linker.communicate()[0])
