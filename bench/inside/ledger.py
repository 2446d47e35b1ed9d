"""What the processes of the ledger's bench do: record as fast as they can, and link as the engine does."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from django.db import connection, transaction

from ledger.link import link_entries
from ledger.models import Entry
from ledger.record import record
from ledger.verify import verify

TICK_S = 1.0  # the engine links once a tick; hints only make it sooner


def main(role: str, seconds: str) -> None:
    """Do what the role says for so many seconds: a writer prints its entries, the linker the faults that it finds."""
    {"write": _write, "link": _link}[role](float(seconds))


def _wait_for_the_start() -> float:
    print("ready", flush=True)
    start = float(sys.stdin.readline())
    time.sleep(max(0.0, start - time.time()))
    return start


def _write(seconds: float) -> None:
    connection.ensure_connection()
    start = _wait_for_the_start()
    count = 0
    while time.time() < start + seconds:
        with transaction.atomic():
            subjects = [("incident", f"INC-2026-{count:04}"), ("user", "usr_bench")]
            record(
                "incident.acknowledged",
                subjects,
                {"how": "SMS", "page": "ntf_bench", "n": count},
                now=datetime.now(UTC),
            )
        count += 1
    print(count)


def _link(seconds: float) -> None:
    start = _wait_for_the_start()
    while time.time() < start + seconds or Entry.objects.filter(seq__isnull=True).exists():
        began = time.monotonic()
        link_entries()
        time.sleep(max(0.0, TICK_S - (time.monotonic() - began)))
    print(len(verify().faults))
