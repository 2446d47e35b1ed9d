"""The evidence of the clocks: a line for every day, days without a reading too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from evidence.models import ClockReading
from ledger.evidence import threads
from ledger.tables import Row, Scope, Table

CLOCK = (
    "day", "readings", "source", "synchronised_readings", "max_error_ms", "max_abs_offset_ms",
)  # fmt: skip
DAY = timedelta(days=1)


def clock_tables(scope: Scope) -> list[Table]:
    """`17_integrity/clock`: what the clocks were worth on each day, in UTC, that the scope touches."""

    def rows() -> Iterator[Row]:
        day = scope.start.astimezone(UTC).date()
        while _midnight(day) < scope.end:
            yield _day(day)
            day += DAY

    words = (
        "Each day's looks at the clocks, at most one an hour: how often the kernel said that its clock is kept in step, the "
        "widest error it allowed, and the widest difference between the machine's clock and the database's."
    )
    return [Table("17_integrity/clock", CLOCK, rows, "clock", words, scope.window)]


def _day(day: date) -> Row:
    start = _midnight(day)
    held = list(ClockReading.objects.filter(hour__gte=start, hour__lt=start + DAY).order_by("hour"))
    if not held:
        return (day, 0, "none", 0, None, None, None, None)
    known = threads("clockreading", [one.public_id for one in held])
    lines = [number for pair in known.values() for number in pair if number is not None]
    return (
        day,
        len(held),
        "kernel" if any(one.source == "kernel" for one in held) else "none",
        sum(one.synchronised is True for one in held),
        max((one.max_error_ms for one in held if one.max_error_ms is not None), default=None),
        max(abs(one.offset_ms) for one in held),
        min(lines, default=None),
        max(lines, default=None),
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
