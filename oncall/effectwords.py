"""What an edit of a schedule changes, as lines a page shows. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from oncall.rota.difference import Change, sentence
from oncall.rota.effects import Effects
from oncall.rota.words import names

MOST = 20


@dataclass(frozen=True)
class Line:
    """One change: when, who before, who after, how long."""

    change: Change
    before: str
    after: str
    length: timedelta


def lines(found: Effects) -> list[Line]:
    """The first changes, in order."""
    return [Line(one, names(one.before), names(one.after), one.end - one.start) for one in found.changes[:MOST]]


def first_change(found: Effects, zone: str) -> str:
    """`Mon 12 Jan 09:00 to Mon 19 Jan 09:00: Ben instead of Ana.` and how many more; that nothing changes, if so."""
    if not found.changes:
        return "As planned now it changes nothing."
    more = len(found.changes) - 1
    said = sentence(found.changes[0], zone, found.changes[0].start.year)
    return f"{said}." if not more else f"{said}, and {more} more such stretches."
