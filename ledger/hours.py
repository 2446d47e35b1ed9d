"""Hours of high-volume facts as one count and one hash each: what an app's `digests.py` hands over. Standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

Cells = Iterable[Any]  # text, whole numbers, instants, bytes, booleans, None


@dataclass(frozen=True)
class HourSource:
    """One kind of fact. rows: the facts of `[start, end)` in their one order, each as its cells.

    words: what the cells are and in which order. ready: whether an hour that ended then is whole, late rows included.
    """

    name: str
    rows: Callable[[datetime, datetime], Iterable[Cells]]
    words: str
    ready: Callable[[datetime], bool] = lambda end: True


@dataclass(frozen=True)
class Summed:
    """How many facts an hour has, and SHA-256 over their lines in their order."""

    count: int
    sha256: str


def summed(rows: Iterable[Cells]) -> Summed:
    """Count and hash rows: of each its cells as a JSON array without blanks, and a line feed."""
    digest, count = hashlib.sha256(), 0
    for cells in rows:
        told = json.dumps([_cell(cell) for cell in cells], separators=(",", ":"), ensure_ascii=True)
        digest.update(told.encode() + b"\n")
        count += 1
    return Summed(count, digest.hexdigest())


def hour_at(moment: datetime) -> int:
    """The number of the hour an instant lies in, counted from the epoch."""
    return (moment - EPOCH) // HOUR


def begins(hour: int) -> datetime:
    """Where an hour begins."""
    return EPOCH + hour * HOUR


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value
