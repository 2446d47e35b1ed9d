"""A year of monitors, and the seconds that asking for its figures takes. Prints one JSON line."""

from __future__ import annotations

import gc
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.core.management import call_command
from django.db import transaction

from accounts.models import Organisation
from monitors.models import Monitor, MonitorState, Service, StateInterval
from monitors.overview import monitors_in_force, rows, with_days
from monitors.periods import months_back
from monitors.services import create_monitor
from monitors.uptime import lives_of, of_monitors, of_services

SERVICES, EACH, ROUNDS = 50, 10, 5
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def main() -> None:
    """Print seconds and milliseconds in the order of the bars."""
    print(json.dumps(_measured()))


def _measured() -> list[float]:
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
