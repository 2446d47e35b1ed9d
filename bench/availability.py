"""Availability: a year of 500 monitors by month, and the 90-day bars of one page of 50.

    python -m bench availability

50 services of ten monitors each. Each monitor went down once a week, at a time of its own, and was not watched for an
hour a month: some 130 intervals a year, 65,000 in all. What is timed is everything from the question to the figures, in
processor time, in which SQLite's work is contained: what a shared machine does meanwhile is left out.
"""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.figures import Figure, at_most, show

ROOT = Path(__file__).resolve().parent.parent
SERVICES, EACH, ROUNDS = 50, 10, 5
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BARS = (
    ("500 monitors, 12 months each", 0.3, "s"),
    ("50 services of 10 monitors, 12 months each", 0.3, "s"),
    ("90-day bars of 50 monitors, their queries", 20, "ms"),
    ("the same with days cut", 100, "ms"),
)


def run() -> Iterator[Figure]:
    """Yield seconds for a year by month, and milliseconds for the bars."""
    with tempfile.TemporaryDirectory(prefix="watchbook-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "DATABASE_URL")}
        environ = {**kept, "DATA_DIR": folder, "WATCHBOOK_ENV_FILE": "", "LOG_LEVEL": "error"}
        command = [sys.executable, "-m", "bench.availability", "measure"]
        done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    for (what, bar, unit), value in zip(BARS, json.loads(done.stdout), strict=True):
        yield at_most("availability", what, value, unit, bar)


def _measure() -> list[float]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from monitors.models import Monitor, Service
    from monitors.overview import monitors_in_force, rows, with_days
    from monitors.periods import months_back
    from monitors.uptime import lives_of, of_monitors, of_services

    call_command("migrate", verbosity=0)
    _fill()
    windows = months_back(NOW, 12, UTC)
    gc.collect()
    gc.freeze()  # what filling left behind is no part of the question
    monitors, services = list(Monitor.objects.all()), list(Service.objects.all())
    page = rows(monitors_in_force()[:50], now=NOW)

    ids, since = [row.monitor.pk for row in page], NOW - timedelta(days=90)

    return [
        _median(lambda: of_monitors(monitors, windows, now=NOW)),
        _median(lambda: of_services(services, windows, now=NOW)),
        _median(lambda: lives_of(ids, since, NOW, now=NOW)) * 1000,
        _median(lambda: with_days(page, now=NOW, zone=UTC)) * 1000,
    ]


def _median(work: Callable[[], Any]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return statistics.median(took)


def _fill() -> None:
    from django.db import transaction

    from accounts.models import Organisation
    from monitors.models import Service
    from monitors.services import create_monitor

    began, rng = NOW - timedelta(days=370), random.Random(1)
    with transaction.atomic():
        Organisation(name="Larkspur Logistics").save(now=began, reason="Bench")
        for number in range(SERVICES):
            service = Service(name=f"Service {number}")
            service.save(now=began, reason="Bench")
            for each in range(EACH):
                target = {"url": "https://shop.example/"}
                made = create_monitor(service=service, name=f"Monitor {each}", target=target, now=began, reason="Bench")
                _live(made, began, rng)


def _live(monitor: Any, began: datetime, rng: random.Random) -> None:
    from monitors.models import MonitorState, StateInterval

    turns, at = [(began, "up")], began
    while True:
        at += timedelta(hours=rng.uniform(100, 236))
        if at > NOW - timedelta(days=1):
            break
        state = "unknown" if rng.random() < 0.2 else "down"
        turns += [(at, state), (at + timedelta(minutes=rng.uniform(2, 90)), "up")]
    last = turns[-1][0]
    StateInterval.objects.filter(monitor=monitor).update(state="up", started_at=last)
    MonitorState.objects.filter(pk=monitor.pk).update(state="up", since=last)
    StateInterval.objects.bulk_create(
        StateInterval(monitor=monitor, state=state, started_at=start, ended_at=end, recorded_at=start)
        for (start, state), (end, _) in pairwise(turns)
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(json.dumps(_measure()))
    else:
        bad = [figure for figure in run() if not show(figure)]
        sys.exit(1 if bad else 0)
