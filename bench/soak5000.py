"""Soak: 5,000 monitors every minute for ten minutes, embedded, while somebody acknowledges incidents.

    python -m bench soak5000     MONITORS and MINUTES change the size

The product runs as an operator starts it, all processes counted. Measured are the minutes after every monitor is known.
Each few seconds an incident is declared and acknowledged through the web process; what counts is how long the
acknowledgement took. A slot counts as missed if the window planned it and no result of it is stored as run.
"""

from __future__ import annotations

import contextlib
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
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.processes.house import House
from tests.processes.product import Embedded

MONITORS = int(os.environ.get("MONITORS", "5000"))
MINUTES = float(os.environ.get("MINUTES", "10"))
INTERVAL_S, EVERY_S, SETTLED_WITHIN_S = 60, 3.0, 300.0
# the ends of the window are left out: what was planned there may have run just outside of it
EDGE_S = 2.0

AT_ONCE = 500

MAKE = """
from django.db import transaction
from ledger.clock import now
from monitors.models import Service
from monitors.services import create_monitor
service = Service.objects.first()
with transaction.atomic():
    for number in range({first}, {last}):
        create_monitor(service=service, name=f"soak {{number}}", target={{"url": "{url}"}}, now=now(), interval_s={interval})
"""
NOT_KNOWN = "SELECT count(*) FROM monitors_monitorstate WHERE state <> 'up'"
SECOND = "unixepoch(planned_at) + CAST(strftime('%f', planned_at) AS REAL) % 1"
RAN = f"SELECT lag_us FROM monitors_result WHERE outcome = 'ok' AND {SECOND} BETWEEN ? AND ?"
NOT_RUN = f"SELECT count(*) FROM monitors_result WHERE outcome = 'missed' AND {SECOND} BETWEEN ? AND ?"


def run() -> Iterator[Figure]:
    """Yield the share of a core, slots not run, start lag and how long an acknowledgement took."""
    folder = Path(tempfile.mkdtemp(prefix="watchbook-bench-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        twilio, smtp = stack.enter_context(FakeTwilio()), stack.enter_context(FakeSmtp())
        product = Embedded(folder, twilio, smtp, pace={})
        stack.callback(product.stop)
        product.start()
        house = House(product, twilio, smtp, ladder_s=3600).settle()
        url = stack.enter_context(_target())
        for first in range(0, MONITORS, AT_ONCE):
            last = min(first + AT_ONCE, MONITORS)
            product.manage("shell", "-v0", "-c", MAKE.format(first=first, last=last, url=url, interval=INTERVAL_S))
        _settle(product.database_file)
        yield from _soak(product, house)


def _soak(product: Embedded, house: House) -> Iterator[Figure]:
    processes = [psutil.Process(pid) for pid in (product._up.popen.pid, *product.children().values())]
    before, began, took = _cpu_s(processes), time.time(), []
    while time.time() - began < MINUTES * 60:
        turn = time.monotonic()
        took.append(_acknowledge(house, len(took)))
        time.sleep(max(EVERY_S - (time.monotonic() - turn), 0))
    share, ended = (_cpu_s(processes) - before) / (time.time() - began), time.time()
    time.sleep(5)  # the last results reach the database
    window = (began + EDGE_S, ended - EDGE_S)
    with _reading(product.database_file) as database:
        lags = [row[0] / 1_000_000 for row in database.execute(RAN, window)]
        missed = database.execute(NOT_RUN, window).fetchone()[0]
    planned = MONITORS * (window[1] - window[0]) / INTERVAL_S
    name = f"{MONITORS:,} monitors at {INTERVAL_S} s for {MINUTES:g} min: "
    yield at_most("soak5000", name + "all processes", share * 100, "% of one core", 15)
    yield at_most("soak5000", name + "slots recorded as missed", missed, "", 0)
    yield at_least("soak5000", name + "results against slots", len(lags) / planned, "", 0.999)
    yield at_most("soak5000", name + "start lag p99", percentile(lags, 0.99), "s", 1)
    yield at_most("soak5000", f"{len(took)} acknowledgements meanwhile, p99", percentile(took, 0.99) * 1000, "ms", 500)


def _acknowledge(house: House, number: int) -> float:
    """Declare an incident and acknowledge it; the seconds that the second took."""
    declared = house.api.post("incidents/", title=f"Soak {number}", severity=3)["number"]
    began = time.monotonic()
    house.api.post(f"incidents/{declared}/acknowledge/")
    return time.monotonic() - began


def _settle(database_file: Path) -> None:
    """Wait until each monitor is known: the first checks and becoming known are no part of the soak."""
    ends = time.monotonic() + SETTLED_WITHIN_S
    while True:
        with _reading(database_file) as database:
            unknown = database.execute(NOT_KNOWN).fetchone()[0]
        if not unknown:
            return
        if time.monotonic() > ends:
            raise RuntimeError(f"{unknown} monitors are not known after {SETTLED_WITHIN_S:g} s")
        time.sleep(2)


@contextlib.contextmanager
def _reading(database_file: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(f"file:{database_file}?mode=ro", uri=True)) as database:
        yield database


def _cpu_s(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


@contextlib.contextmanager
def _target() -> Iterator[str]:
    target = subprocess.Popen(
        [sys.executable, "-m", "bench.target"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        port = target.stdout.readline().strip()  # type: ignore[union-attr]
        yield f"http://127.0.0.1:{port}/"
    finally:
        target.stdin.close()  # type: ignore[union-attr]
        target.wait(10)
