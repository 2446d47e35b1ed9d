"""Chapter: the seals of the days. They are made when the year has been told, and say so by the instant they carry."""

from __future__ import annotations

from datetime import datetime

from config.demo.world import Demo, chain
from evidence.services.seals import seal_due_days
from ledger.actors import SYSTEM, acting_as
from monitors.samples import hour_start, packed_until


def of_packed_days(demo: Demo) -> None:
    """Seal every day whose checks are all packed; each seal says that the data is a demo."""
    _seal(hour_start(packed_until()))


def of_the_last_days(demo: Demo) -> None:
    """Seal the days after them, once their checks are stored: a seal says how many there were."""
    _seal(demo.end)


def _seal(now: datetime) -> None:
    chain()
    with acting_as(SYSTEM):
        while seal_due_days(now):
            continue
