"""Incident numbers: INC-YYYY-NNNN, gapless per year of the organisation's zone. Standard library only."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

PATTERN = re.compile(r"INC-(\d{4})-(\d{4,})")


def year_of(moment: datetime, zone: ZoneInfo) -> int:
    """The year an incident recorded at `moment` is counted in; `moment` is aware."""
    return moment.astimezone(zone).year


def format_number(year: int, serial: int) -> str:
    """`2026, 42` → `INC-2026-0042`. Four digits, more when a year has more than 9,999."""
    if serial < 1:
        raise ValueError(f"serial numbers start at 1, not {serial}")
    return f"INC-{year:04d}-{serial:04d}"


def parse_number(text: str) -> tuple[int, int] | None:
    """`inc-2026-0042` → `(2026, 42)`; None when the text is no incident number."""
    found = PATTERN.fullmatch(text.strip().upper())
    return (int(found[1]), int(found[2])) if found else None
