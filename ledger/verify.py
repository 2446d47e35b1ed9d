"""Re-read the whole chain and say where it does not hold, in words a person can act on.

What can be shown here and what only a seal outside this machine can show is said in docs/ledger.md.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from ledger.link import GENESIS, chain
from ledger.models import Entry, Head, LedgerSubject, Seal
from ledger.record import instant
from ledger.snapshot import snapshot
from ledger.verify_history import history_faults
from ledger.verify_seals import seal_faults

CHUNK = 2_000
COLUMNS = "seq, hash, line, kind, recorded_at, id"

Row = tuple[Any, Any, Any, Any, Any, Any]  # COLUMNS, as the driver gives them: a damaged file holds anything


@dataclass(frozen=True)
class Verification:
    """Outcome of a verification: entries chained and unlinked, head hash, the faults in words, and how many seals."""

    linked: int
    unlinked: int
    head: str
    faults: tuple[str, ...]
    seals: int = 0

    @property
    def holds(self) -> bool:
        """True when no fault was found."""
        return not self.faults


@dataclass
class _Walk:
    """Where the walk along the chain is, and the hashes that somebody noted for single lines."""

    noted: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    seq: int = 0
    head: str = GENESIS


def verify(*, remembered: Sequence[tuple[int, str]] = (), most_faults: int = 10) -> Verification:
    """Recompute every hash from the stored lines, compare columns, subjects and histories; constant memory.

    remembered: (line number, hash) pairs noted outside this database, from a seal or an earlier run.
    """
    walk = _Walk()
    with _any_text(), snapshot():
        linker = Head.objects.values_list("seq", "hash").first()
        for seq, noted in [*remembered, *([linker] if linker else [])]:
            walk.noted[seq].add(noted)
        found = tuple(islice(_faults(walk), most_faults))
        unlinked = Entry.objects.filter(seq__isnull=True).count()
        seals = Seal.objects.count()
    return Verification(walk.seq, unlinked, walk.head, found, seals)


def _faults(walk: _Walk) -> Iterator[str]:
    for rows in _chunks():
        subjects = _subjects([row[5] for row in rows])
        for row in rows:
            yield from _line_faults(walk, row, subjects)
    last_noted = max(walk.noted, default=0)
    if last_noted > walk.seq:
        yield f"the end is missing: line {last_noted} was noted, the last stored line is {walk.seq}"
    half = Entry.objects.filter(seq__isnull=True, hash__isnull=False).count()
    if half:
        yield f"{half} lines have a hash and no number"
    orphans = LedgerSubject.objects.filter(~Exists(Entry.objects.filter(pk=OuterRef("entry_id")))).count()
    if orphans:
        yield f"{orphans} subjects belong to lines that are gone"
    yield from _file_faults()
    yield from history_faults()
    yield from seal_faults()


def _line_faults(walk: _Walk, row: Row, subjects: dict[int, list[str]]) -> Iterator[str]:
    seq, stored, line, kind, recorded_at, entry_id = row
    if not isinstance(seq, int):
        yield f"a line has the number {seq!r}"
        return
    expected, previous = walk.seq + 1, walk.head
    walk.seq, walk.head = seq, str(stored)
    name = f"line {seq} ({kind}, {recorded_at} UTC)"
    if seq != expected:
        gap = f"line {expected} is" if seq == expected + 1 else f"lines {expected} to {seq - 1} are"
        yield f"{gap} missing: the next stored line is {seq}"
    elif not isinstance(line, str) or chain(previous, line) != stored:
        yield f"{name} does not match its hash"
    elif problem := _column_problem(line, kind, recorded_at, subjects.get(entry_id, [])):
        yield f"{name}: {problem}"
    for noted in walk.noted.get(seq, ()):
        if noted != stored:
            yield f"{name} is not the line whose hash was noted: {noted[:16]}…"


def _column_problem(line: str, kind: Any, recorded_at: Any, subjects: list[str]) -> str:
    """Compare what stands beside the line with the line; "" when all agrees."""
    said = json.loads(line)
    if kind != said["kind"]:
        return f"its column says {kind!r}, the line says {said['kind']!r}"
    try:
        at = recorded_at if isinstance(recorded_at, datetime) else datetime.fromisoformat(recorded_at)
    except (ValueError, TypeError):
        return "its column of the time cannot be read"
    if instant(at.replace(tzinfo=at.tzinfo or UTC)) != said["at"]:
        return f"its column says {recorded_at}, the line says {said['at']}"
    if subjects != said["subjects"]:
        return (
            f"its subjects are {', '.join(subjects) or 'none'}, the line says {', '.join(said['subjects']) or 'none'}"
        )
    return ""


def _chunks() -> Iterator[list[Row]]:
    """Read the chain in order, in the driver's own types: Django's converters stumble over a damaged row."""
    last: Any = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {COLUMNS} FROM ledger_entry WHERE seq > %s ORDER BY seq LIMIT {CHUNK}",  # noqa: S608
                [last],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _subjects(entry_ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = LedgerSubject.objects.filter(entry_id__in=entry_ids).order_by("id")
    for entry_id, kind, object_id in rows.values_list("entry_id", "kind", "object_id"):
        found[entry_id].append(f"{kind}:{object_id}")
    return found


def _file_faults() -> Iterator[str]:
    """Ask SQLite whether the ledger's table and its indexes still say the same."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check(ledger_entry)")
        yield from (f"the database file is damaged: {said}" for (said,) in cursor.fetchall() if said != "ok")


@contextmanager
def _any_text() -> Iterator[None]:
    """Let SQLite hand over text that is not UTF-8, byte by byte, so that damage is found rather than raised."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    raw = connection.connection
    before = raw.text_factory
    raw.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = before
