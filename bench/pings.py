"""Pings: durable pings a second through the real web process, the whole product running, on SQLite and PostgreSQL.

    python -m bench pings        PostgreSQL needs a server: BENCH_DATABASE_URL

CLIENTS keep-alive clients in one process of their own ping MONITORS heartbeats in a closed loop; the engine judges
them meanwhile. Healthchecks itself is not run here: the bars are ten times the rate it reached with its own
settings, and four times its tuned rate, on a machine of the same size (docs/performance.md); the figures say so.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench.figures import Figure, at_least, at_most, percentile
from bench.house import ROOT, House
from tests.processes.peers import Database
from tests.processes.product import KEY

CLIENTS = 16
MONITORS = 1_000
ROUNDS = 3
ROUND_S = 8.0
WARM_S = 2.0
SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
NOT_RUN = "peer not run, its rate from docs/performance.md"
# pings/s of Healthchecks: as it comes, and tuned; and its slowest hundredth in milliseconds
PEERS = {"SQLite": {"10 x its default": 10 * 133}, "PostgreSQL": {"10 x its default": 10 * 104, "4 x tuned": 4 * 327}}
SLOWEST_MS = {"SQLite": 442 / 10}

_MAKE = f"""
from ledger.clock import now
from monitors.models import PingKey
from monitors.services.inventory import create_service
from monitors.services.monitors import create_monitor
from monitors.services.ping_keys import plain_key
service = create_service(name="Bench", now=now(), reason="bench")
for number in range({MONITORS}):
    create_monitor(service=service, name=f"job {{number}}", kind="heartbeat", target={{}}, now=now(), reason="bench")
print("KEYS", *[plain_key(key) for key in PingKey.objects.all()])
"""


def run() -> Iterator[Figure]:
    """Yield the rate and the slowest hundredth on each database; PostgreSQL is left out, and said so, where it is missing."""
    for name, bars in PEERS.items():
        try:
            rounds = _sqlite() if name == "SQLite" else _postgresql()
        except OSError as error:
            sys.stderr.write(f"pings: {name} was not measured: {error}\n")
            continue
        rates = [len(one) / ROUND_S for one in rounds]
        slowest = median(percentile(one, 0.99) for one in rounds)
        for words, bar in bars.items():
            # the median is told; the lowest round has to come within a tenth of the bar
            told = at_least("pings", f"durable pings, {name}, {words} ({NOT_RUN})", median(rates), "1/s", bar)
            yield Figure(told.bench, told.figure, told.value, told.unit, told.bar, min(rates) >= 0.9 * bar)
        if name in SLOWEST_MS:
            yield at_most("pings", f"p99 of a ping, {name} ({NOT_RUN})", slowest * 1000, "ms", SLOWEST_MS[name])


def _sqlite() -> list[list[float]]:
    with House(PINGS_PER_MINUTE="1000000") as house:
        return _measure(house)


def _postgresql() -> list[list[float]]:
    database = Database(SERVER).create()
    keys = dict.fromkeys(("SECRET_KEY", "FINGERPRINT_KEY", "SIGNING_KEY", "SEAL_KEY"), KEY)
    try:
        with House(DATABASE_URL=database.url, ENCRYPTION_KEYS=f"k1:{KEY}", PINGS_PER_MINUTE="1000000", **keys) as house:
            return _measure(house)
    finally:
        database.drop()


def _measure(house: House) -> list[list[float]]:
    told = house.manage("shell", "-v0", "-c", _MAKE)
    keys = told.split("KEYS", 1)[1].split()
    _ask(house.port, keys, WARM_S)
    return [_ask(house.port, keys, ROUND_S) for _ in range(ROUNDS)]


def _ask(port: int, keys: list[str], seconds: float) -> list[float]:
    """One round in a process of its own, so that it costs the server no lock of ours; the seconds each ping took."""
    command = [sys.executable, "-m", "bench.pings", str(port), str(seconds)]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(keys), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if found["refused"]:
        raise RuntimeError(f"{found['refused']} pings were not answered with 200, the last with {found['said']!r}")
    return found["took"]


class _Client:
    """One keep-alive connection with one ping on its way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self.answer = b""

    def ask(self, key: str) -> None:
        self.began, self.answer = time.perf_counter(), b""
        self.socket.sendall(f"GET /ping/{key} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n".encode())

    def heard(self) -> bool:
        """Read what came; True once the answer is whole."""
        part = self.socket.recv(4096)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.answer += part
        return self.answer.endswith((b"\r\n\r\nOK", b"\r\n\r\nnot found"))


def drive(port: int, keys: list[str], seconds: float) -> dict[str, Any]:
    """Ping in a closed loop; the seconds each ping took, and how many were refused."""
    waiting = selectors.DefaultSelector()
    number, took, refused, said = 0, [], 0, ""
    for _ in range(CLIENTS):
        client = _Client(port)
        waiting.register(client.socket, selectors.EVENT_READ, client)
        client.ask(keys[number % len(keys)])
        number += 1
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        for ready, _ in waiting.select(timeout=1):
            client = ready.data
            if client.heard():
                took.append(time.perf_counter() - client.began)
                if not client.answer.startswith(b"HTTP/1.1 200"):
                    refused, said = refused + 1, client.answer.decode()
                client.ask(keys[number % len(keys)])
                number += 1
    return {"took": took, "refused": refused, "said": said}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(drive(int(sys.argv[1]), json.load(sys.stdin), float(sys.argv[2]))))
