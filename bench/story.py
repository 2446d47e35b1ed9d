"""Story: from the end of the check that confirmed a failure to the provider's first byte, embedded and grown.

    python -m bench story        grown needs redis-server and a PostgreSQL server: BENCH_DATABASE_URL

The product runs as an operator starts it, with its default settings. FAULTS monitors of one target fail
one after the other; each opens an incident, freezes a policy and calls a person by mail and by SMS.
What is measured ends when the request for the SMS has arrived at the provider.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.figures import Figure, at_most, percentile
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.processes.house import House
from tests.processes.peers import Broker, Database, wait_for
from tests.processes.product import Embedded, Grown

FAULTS = 100
GAP_S = 1.0
INTERVAL_S = 5
SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
BARS = {"embedded": 2.0, "grown": 1.0}


def run() -> Iterator[Figure]:
    """Yield median and p99 of each way of running; grown is left out, and said so, where its peers are missing."""
    for mode, bar in BARS.items():
        if mode == "grown" and not shutil.which("redis-server"):
            sys.stderr.write("story: redis-server is missing, grown was not measured\n")
            continue
        seconds = measure(mode)
        yield at_most(
            "story", f"confirmed failure to provider request, {mode}, median", percentile(seconds, 0.5), "s", bar
        )
        yield at_most(
            "story", f"confirmed failure to provider request, {mode}, p99", percentile(seconds, 0.99), "s", bar
        )


def measure(mode: str) -> list[float]:
    """Run one product and let FAULTS servers fail; return the seconds each took."""
    folder = Path(tempfile.mkdtemp(prefix="watchbook-bench-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        twilio, smtp = stack.enter_context(FakeTwilio()), stack.enter_context(FakeSmtp())
        product = _product(mode, folder, twilio, smtp, stack)
        stack.callback(product.stop)
        product.start()
        house = House(product, twilio, smtp, ladder_s=3600).settle()
        target = stack.enter_context(_Target())
        monitors = {n: _watch(house, n, target.url(n)) for n in range(FAULTS)}
        wait_for("all are up", lambda: _all_up(house), within=60)
        for number in monitors:
            target.broken.add(number)
            time.sleep(GAP_S)
        arrived = {n: _arrival(house, n) for n in monitors}
        return [(arrived[n] - _confirmed(house, monitor)).total_seconds() for n, monitor in monitors.items()]


def _product(mode: str, folder: Path, twilio: FakeTwilio, smtp: FakeSmtp, stack: contextlib.ExitStack) -> Any:
    if mode == "embedded":
        return Embedded(folder, twilio, smtp, pace={})
    database, broker = Database(SERVER).create(), Broker().start()
    stack.callback(database.drop)
    stack.callback(broker.close)
    return Grown(folder, twilio, smtp, database, broker, pace={}).prepare()


def _watch(house: House, number: int, url: str) -> str:
    """A monitor whose first failed check confirms the failure."""
    numbers = {"interval_s": INTERVAL_S, "timeout_s": 2, "confirmation_s": 0, "severity": 1}
    body = {"name": f"Fault {number}", "service": house.service, "http": {"url": url}, **numbers}
    return house.api.post("monitors/", **body)["id"]


def _all_up(house: House) -> bool:
    """Asked a few times in all: a token that asks more than the API allows is refused."""
    up = all(row["standing"]["state"] == "up" for row in house.api.rows("monitors/", limit=FAULTS))
    if not up:
        time.sleep(1.0)
    return up


def _arrival(house: House, number: int) -> datetime:
    """When the request for the SMS of this fault was at the provider."""
    words = f"Fault {number} is down"

    def first() -> datetime | None:
        return next((text.created for text in list(house.twilio.texts) if words in text.body), None)

    return wait_for(f"the SMS of fault {number}", first, within=60)


def _confirmed(house: House, monitor: str) -> datetime:
    """When the first failed check ended: with no confirmation time it is the one that confirms."""
    failed = [row for row in house.api.rows(f"monitors/{monitor}/results/", limit=200) if row["outcome"] == "failed"]
    first = min(failed, key=lambda row: row["planned_at"])
    return datetime.fromisoformat(first["planned_at"]) + timedelta(milliseconds=first["lag_ms"] + first["total_ms"])


class _Server(ThreadingHTTPServer):
    request_queue_size = (
        256  # with the standard 5, checks that start together are turned away: a fault nobody asked for
    )


class _Target:
    """One server with a path for each monitor; the paths in `broken` answer 503."""

    def __init__(self) -> None:
        self.broken: set[int] = set()
        self._server = _Server(("127.0.0.1", 0), _handler(self.broken))
        self._server.daemon_threads = True

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{number}"

    def __enter__(self) -> _Target:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(broken: set[int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if int(self.path.strip("/")) in broken else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    return Handler
