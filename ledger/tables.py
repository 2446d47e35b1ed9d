"""Tables of an evidence pack: what each app hands over, as plain values. Standard library only.

An app's `evidence.py` makes tables; `evidence` writes them. A table knows its columns before its rows, so that an
empty one still has its header: that there was nothing is a fact too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

THREAD = ("ledger_seq_first", "ledger_seq_last")
Row = Sequence[Any]  # text, whole numbers, booleans, instants, None, and lists or dicts of these


@dataclass(frozen=True)
class Table:
    """One table. path: folder and name without ending. rows: called once, gives one value a column, then the thread.

    query and version name how the rows were chosen, in `words`; parameters are what they were chosen by. The thread,
    the last two columns of every table, are the first and the last ledger line about the row; None where it has none.
    """

    path: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterable[Row]]
    query: str
    words: str
    parameters: dict[str, str] = field(default_factory=dict)
    version: int = 1

    @property
    def header(self) -> tuple[str, ...]:
        """The columns with the thread behind them."""
        return (*self.columns, *THREAD)


@dataclass(frozen=True)
class Scope:
    """What a pack is about. as_of: the instant whose configuration is shown.

    kind and subject: `incident` and its number, or `period` and its days. Observations are taken from `[start, end)`;
    of an incident that is a little wider than itself. All ids are public ones.
    """

    kind: str
    subject: str
    as_of: datetime
    start: datetime
    end: datetime

    @property
    def parameters(self) -> dict[str, str]:
        """For the sheet that says how each table was made."""
        return {self.kind: self.subject}

    @property
    def at(self) -> dict[str, str]:
        """The same for a table of configuration."""
        return {**self.parameters, "as_of": told(self.as_of)}

    @property
    def window(self) -> dict[str, str]:
        """The same for a table of observations."""
        return {**self.parameters, "from": told(self.start), "to": told(self.end)}


def told(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z, the form of every instant in evidence."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pieces(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items in runs of at most `size`: a database takes only so many values in one question."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
