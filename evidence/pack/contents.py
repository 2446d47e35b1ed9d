"""What a pack holds, before it is written. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ledger.tables import Scope, Table


@dataclass(frozen=True)
class Contents:
    """Everything that a pack is filled from. numbers: of the ledger's lines it speaks of, in order.

    first_day, last_day: the days of the ledger, in UTC, that go into it whole, lines or not.
    """

    title: str
    scope: Scope
    tables: Sequence[Table]
    numbers: Sequence[int]
    first_day: date
    last_day: date
