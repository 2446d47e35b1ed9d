"""Checks in the hourly digest: packs, which hold every sample, and the failures that stay rows; pings of heartbeats."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ledger.hours import HourSource
from monitors.models import Ping, Result, ResultPack
from monitors.samples import LATE_AFTER, hour_of, packed_until

CHUNK = 1_000


def _packs(start: datetime, end: datetime) -> Iterator[tuple[Any, ...]]:
    rows = ResultPack.objects.filter(hour=hour_of(start), revision=1)
    columns = ("monitor__public_id", "location__public_id", "monitor_version", "body", "phases")
    yield from rows.order_by(*columns[:3]).values_list(*columns).iterator(chunk_size=CHUNK)


def _failures(start: datetime, end: datetime) -> Iterator[tuple[Any, ...]]:
    rows = Result.objects.filter(day=start.date(), outcome="failed", planned_at__gte=start, planned_at__lt=end)
    columns = (
        "monitor__public_id", "planned_at", "location__public_id", "monitor_version", "retry", "code", "status", "lag_us",
        "total_us", "recorded_at",
    )  # fmt: skip
    for row in rows.order_by(*columns[:3]).values_list(*columns).iterator(chunk_size=CHUNK):
        if row[-1] - row[1] <= LATE_AFTER:  # a later one may come at any time, and counts in no figure
            yield row


def _pings(start: datetime, end: datetime) -> Iterator[tuple[Any, ...]]:
    rows = Ping.objects.filter(received_at__gte=start, received_at__lt=end).order_by("received_at", "id")
    columns = ("monitor__public_id", "received_at", "kind", "exit_status", "rid", "method", "body_bytes", "body_sha256")
    yield from rows.values_list(*columns).iterator(chunk_size=CHUNK)


def _packed(end: datetime) -> bool:
    return packed_until() >= hour_of(end)


HOUR_SOURCES = (
    HourSource("packs", _packs, "monitor, location, version, body and phases in hex; in that order", _packed),
    HourSource("failures", _failures, "monitor, planned_at, location, version, retry, code, status, lag and total in µs, recorded_at; in that order"),
    HourSource("pings", _pings, "monitor, received_at, kind, exit status, rid, method, length and SHA-256 of the body; in order of arrival"),
)  # fmt: skip
