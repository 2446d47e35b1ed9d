"""The text of a seal: one `key value` a line, so that grep, sed and a person can read it. Standard library only.

The days a seal speaks of are days of the chain, not of clocks: where one seal ends the next begins, so that every
line belongs to exactly one (docs/ledger.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

FORM = "1"
UNKNOWN = "unknown"
NO_SEAL = "0" * 64  # what the first seal names as the one before it
READY_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class DayLines:
    """The lines of one day as they stand in the chain. first and last: numbers, first > last on an empty day.

    entries: how many lines there are; start and head: the chain's hash before the first and after the last of them.
    sha256: of the day file, each line and a line feed. quiet: nothing but lines that the house writes by the clock.
    """

    day: date
    first: int
    last: int
    entries: int
    start: str
    head: str
    sha256: str
    previous: str
    quiet: bool


@dataclass(frozen=True)
class DayFacts:
    """What the house above the ledger knows of a day. None: it is not known, and the seal says so.

    longest_gap_s: the longest stretch of the day in which no check ran at all.
    """

    organisation: str
    version: str
    demo: bool = False
    monitors: int | None = None
    checks_expected: int | None = None
    checks_executed: int | None = None
    longest_gap_s: int | None = None


def midnight_after(day: date) -> datetime:
    """The instant at which a day (in UTC) is over."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def ready_at(day: date) -> datetime:
    """From when a day may be sealed: 00:10 UTC of the next one, so that what was under way at midnight has ended."""
    return midnight_after(day) + READY_AFTER


def write(lines: DayLines, facts: DayFacts, *, sealed_at: datetime, key: str) -> str:
    """The seal's text, its bytes being what is hashed and signed. key: fingerprint of the key that signs it."""
    pairs = {
        "watchbook-seal": FORM,
        "organisation": _one_line(facts.organisation),
        "day": lines.day.isoformat(),
        "first": lines.first,
        "last": lines.last,
        "entries": lines.entries,
        "start": lines.start,
        "head": lines.head,
        "ledger": lines.sha256,
        "previous": lines.previous,
        "monitors": _known(facts.monitors),
        "checks_expected": _known(facts.checks_expected),
        "checks_executed": _known(facts.checks_executed),
        "longest_gap_s": _known(facts.longest_gap_s),
        "version": _one_line(facts.version),
        "demo": "yes" if facts.demo else "no",
        "sealed_at": sealed_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "key": key,
    }
    return "".join(f"{name} {value}\n" for name, value in pairs.items())


def read(text: str) -> dict[str, str]:
    """The pairs of a seal's text by name; a line without a value is left out."""
    pairs = (line.partition(" ") for line in text.splitlines())
    return {name: value for name, space, value in pairs if space}


def _known(figure: int | None) -> str:
    return UNKNOWN if figure is None else str(figure)


def _one_line(text: str) -> str:
    """A name with a line break in it would add a line to the seal that nobody meant."""
    return " ".join(text.split())
