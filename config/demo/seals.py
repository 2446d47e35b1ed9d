"""Chapter: the seals of the days. They are made when the year has been told, and say so by the instant they carry."""

from __future__ import annotations

from config.demo.world import Demo, chain
from evidence.services.seals import seal_due_days
from ledger.actors import SYSTEM, acting_as


def of_every_day(demo: Demo) -> None:
    """Seal every day that is over; each says that the data is a demo."""
    chain()
    with acting_as(SYSTEM):
        while seal_due_days(demo.end):
            continue
