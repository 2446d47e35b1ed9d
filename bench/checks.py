"""Checks a second and core, whole, beside blackbox_exporter's bare probe, over HTTP and HTTPS.

    python -m bench checks

We run MONITORS monitors every second: the real engine process, embedded, on SQLite, with everything it does to a check
(timetable, plan, request on a new connection, phases, judge, state, stored result). The exporter runs one probe for each request
of a driver that keeps 64 in flight, on one core. Both call the same nginx. What counts is checks by second of the
processor time that the process itself used, so the driver and nginx cost neither. They run in turn, ROUNDS times; the figure is the
median, and the bar must hold, with a tenth off, in the lowest round. HTTPS: full handshake, ECDSA P-256, chain verified by both.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psutil

from bench.chain import make_chain
from bench.figures import Figure
from bench.lag import python
from bench.peers import blackbox, missing, nginx

ROUNDS = int(os.environ.get("ROUNDS", "3"))
MONITORS = {"http": int(os.environ.get("MONITORS", "2000")), "https": int(os.environ.get("MONITORS", "500"))}
BARS = {"http": 3.0, "https": 1.0}
WARM_UP_S, SECONDS = 12.0, 10.0
SETTLED_WITHIN_S = 120.0
IN_FLIGHT = 64

# Monitors not yet up, or whose last stored result is older than two seconds.
BEHIND = "SELECT count(*) FROM monitors_monitorstate WHERE state <> 'up' OR unixepoch(seen_at) < unixepoch('now') - 2"

MAKE = """
import sys
import django
django.setup()
from pathlib import Path
from accounts.models import AllowedNetwork
from django.db import transaction
from ledger.clock import now
from monitors.services import create_monitor, create_service
url, count, ca = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_text()
AllowedNetwork(cidr="127.0.0.0/8").save(now=now(), reason="bench")
with transaction.atomic():
    service = create_service(name="Bench", now=now())
    target = {"url": url, **({"ca": ca} if url.startswith("https") else {})}
    for number in range(count):
        create_monitor(service=service, name=f"monitor {number}", target=target, now=now(), interval_s=1)
"""


def run() -> Iterator[Figure]:
    """Yield, for each scheme, how many times the exporter's rate we reach."""
    lacking = missing("nginx", "prometheus-blackbox-exporter")
    if lacking:
        sys.stderr.write(f"checks: needs the packages {', '.join(lacking)}\n")
        return
    for scheme, bar in BARS.items():
        ratios = []
        for number in range(ROUNDS):
            ours, theirs = _round(scheme)
            ratios.append(ours / theirs)
            sys.stderr.write(f"checks: {scheme} round {number + 1}: {ours:,.0f} and {theirs:,.0f} a core second\n")
        ok = min(ratios) >= 0.9 * bar
        yield Figure("checks", f"{scheme}, whole, against a bare probe", round(median(ratios), 3), "x", bar, ok)


def _round(scheme: str) -> tuple[float, float]:
    """Checks by core second of ours and of the exporter, one after the other on the same target."""
    folder = Path(tempfile.mkdtemp(prefix="watchbook-bench-"))
    folder.chmod(0o755)
    try:
        chain = make_chain(folder)
        with nginx(folder, chain.cert, chain.key) as (http, https):
            url = f"http://127.0.0.1:{http}/" if scheme == "http" else f"https://localhost:{https}/"
            ours = _ours(folder, url, MONITORS[scheme], chain.ca)
            with blackbox(folder, chain.ca) as (port, pid):
                theirs = asyncio.run(_theirs(port, pid, f"/probe?module={scheme}&target={url}"))
        return ours, theirs
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ours(folder: Path, url: str, monitors: int, ca: Path) -> float:
    data = folder / "data"
    environment = {
        **os.environ,
        "DATA_DIR": str(data),
        "WATCHBOOK_ENV_FILE": "",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "warning",
    }
    python(environment, "manage.py", "prepare")
    python(environment, "-c", MAKE, url, str(monitors), str(ca))
    engine = subprocess.Popen([sys.executable, "manage.py", "engine"], env=environment)
    try:
        process = psutil.Process(engine.pid)
        time.sleep(WARM_UP_S)
        _settle(data)
        before, began = process.cpu_times(), _good(data)
        time.sleep(SECONDS)
        after, ended = process.cpu_times(), _good(data)
    finally:
        engine.terminate()
        engine.wait(30)
    return (ended - began) / (after.user + after.system - before.user - before.system)


def _settle(data: Path) -> None:
    """Wait until each monitor is up and what piled up meanwhile is stored: becoming known is no part of a check."""
    ends = time.monotonic() + SETTLED_WITHIN_S
    while _number(data, BEHIND):
        if time.monotonic() > ends:
            raise RuntimeError("the engine does not keep up with this many monitors; ask for fewer with MONITORS")
        time.sleep(0.5)


def _good(data: Path) -> int:
    return _number(data, "SELECT count(*) FROM monitors_result WHERE outcome = 'ok'")


def _number(data: Path, query: str) -> int:
    with sqlite3.connect(f"file:{data / 'watchbook.sqlite3'}?mode=ro", uri=True) as database:
        return int(database.execute(query).fetchone()[0])


async def _theirs(port: int, pid: int, path: str) -> float:
    process, done, until = psutil.Process(pid), 0, time.monotonic() + 1.0
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()

    async def ask() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await _body(reader, head)
            if b"\nprobe_success 1\n" not in body:
                raise RuntimeError(f"a probe failed: {body[-300:]!r}")
            done += 1
        writer.close()

    await asyncio.gather(*(ask() for _ in range(IN_FLIGHT)))
    done, until, before = 0, time.monotonic() + SECONDS, process.cpu_times()
    await asyncio.gather(*(ask() for _ in range(IN_FLIGHT)))
    after = process.cpu_times()
    return done / (after.user + after.system - before.user - before.system)


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """The body of an answer, by its length or in pieces."""
    lines = head.lower().split(b"\r\n")
    for line in lines:
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line.partition(b":")[2]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body
