"""Escalation: 10,000 runs due in one second on PostgreSQL, planned by two workers.

    python -m bench escalation        needs a PostgreSQL server: BENCH_DATABASE_URL, default 127.0.0.1:5432

A database of its own is made and dropped. Each run has a policy of three steps, one person a step, each with a mailbox and a phone; what is
measured is the engine's own tick `plan`, from the instant at which both workers begin to the last commit: steps, pages and
ledger entries. Nobody may be paged twice. Beside it stands the processor time of the busier worker, which a machine at other work does not lengthen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.child import ROOT, command
from bench.figures import Figure, at_most
from bench.ledger import SERVER, keys

RUNS = int(os.environ.get("RUNS", "10000"))
WORKERS = 2
ROUNDS = int(os.environ.get("ROUNDS", "3"))
BAR_S = 10.0


def run() -> Iterator[Figure]:
    """Yield seconds until all are planned, the worst of three rounds, and how many pages or steps were made twice."""
    name = f"watchbook_bench_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            url = urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
            environment = {**os.environ, "DATABASE_URL": url, "WATCHBOOK_ENV_FILE": "", **keys()}
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"], cwd=ROOT, env=environment, check=True
            )
            rounds = [_round(environment, number) for number in range(ROUNDS)]
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    seconds, busy, amiss = zip(*rounds, strict=True)
    yield at_most("escalation", f"{RUNS} runs due at once, planned by two workers", max(seconds), "s", BAR_S)
    yield at_most("escalation", "processor time of the busier worker meanwhile", max(busy), "s", BAR_S)
    yield at_most("escalation", "runs not planned, or planned or paged twice", sum(amiss), "", 0)


def _round(environment: dict[str, str], number: int) -> tuple[float, float, int]:
    """Make the runs, let the workers begin together; return (seconds to the last commit, processor
    seconds of the busier one, what was amiss)."""
    _told(environment, "make", str(RUNS), str(number))
    workers = [
        subprocess.Popen(
            command("escalation", "plan"),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.stdout.readline()  # it says that it is ready: interpreters start slowly
    start = time.time() + 0.2
    for worker in workers:
        worker.stdin.write(f"{start}\n")
        worker.stdin.flush()
    ends, busy = zip(*(map(float, worker.communicate()[0].split()) for worker in workers), strict=True)
    return max(ends) - start, max(busy), _told(environment, "check", str(RUNS), str(number))


def _told(environment: dict[str, str], *arguments: str) -> int:
    said = subprocess.run(
        command("escalation", *arguments), cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return int(json.loads(said.stdout))
