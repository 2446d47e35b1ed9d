"""The ledger's part of a pack: the lines about an object, and which lines each row of other tables hangs on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Max, Min

from ledger.models import Entry, LedgerSubject
from ledger.tables import Row, Scope, Table, pieces

CHUNK = 400  # SQLite takes a limited number of parameters
Thread = tuple[int | None, int | None]
NO_THREAD: Thread = (None, None)


def threads(kind: str, object_ids: Iterable[str], *, entry_kind: str = "") -> dict[str, Thread]:
    """First and last ledger line about each object of a kind, by id; objects without a line are absent.

    entry_kind: only lines of kinds that begin so.
    """
    found: dict[str, Thread] = {}
    for ids in pieces(sorted(set(object_ids)), CHUNK):
        rows = LedgerSubject.objects.filter(kind=kind, object_id__in=ids, entry__kind__startswith=entry_kind)
        ends = rows.values("object_id").annotate(first=Min("entry__seq"), last=Max("entry__seq"))
        found.update({row["object_id"]: (row["first"], row["last"]) for row in ends})
    return found


def version_threads(model_name: str, versions: dict[str, int]) -> dict[str, Thread]:
    """The lines that created each configuration object and made it the version given, by public id.

    Each version is exactly one line (docs/ledger.md), so the n-th line of an object is that of its version n.
    """
    lines: dict[str, list[int]] = defaultdict(list)
    prefix = f"config.{model_name}."
    for ids in pieces(sorted(versions), CHUNK):
        rows = LedgerSubject.objects.filter(kind=model_name, object_id__in=ids, entry__kind__startswith=prefix)
        chained = rows.filter(entry__seq__isnull=False).order_by("entry__seq")
        for object_id, seq in chained.values_list("object_id", "entry__seq"):
            lines[object_id].append(seq or 0)
    return {
        public_id: (lines[public_id][0], lines[public_id][version - 1])
        for public_id, version in versions.items()
        if 0 < version <= len(lines[public_id])
    }


def numbers_about(subjects: Iterable[tuple[str, str]]) -> list[int]:
    """Numbers of the chained lines that speak of any of these (kind, id), in order, each once."""
    ids: dict[str, set[str]] = defaultdict(set)
    for kind, object_id in subjects:
        ids[kind].add(object_id)
    found: set[int] = set()
    for kind, wanted in ids.items():
        for part in pieces(sorted(wanted), CHUNK):
            rows = LedgerSubject.objects.filter(kind=kind, object_id__in=part, entry__seq__isnull=False)
            found.update(seq for seq in rows.values_list("entry__seq", flat=True) if seq is not None)
    return sorted(found)


def lines_table(scope: Scope, numbers: Sequence[int]) -> Table:
    """The lines with these numbers as an index of the day files, which alone hold their text."""
    columns = ("seq", "recorded_at", "kind", "hash")
    words = "Every chained line that speaks of the incident, its alerts, signals, intervals, runs, steps or pages."

    def rows() -> Iterator[Row]:
        for part in pieces(numbers, CHUNK):
            for entry in Entry.objects.filter(seq__in=part).order_by("seq"):
                yield (entry.seq, entry.recorded_at, entry.kind, entry.hash, entry.seq, entry.seq)

    return Table("ledger/lines", columns, rows, "ledger_lines", words, scope.parameters)


def threaded(rows: Iterable[tuple[Any, ...]], kind: str, ids: Iterable[str]) -> Iterator[Row]:
    """Append to each row the thread of the object whose id stands at the same place in `ids`."""
    held = list(ids)
    known = threads(kind, held)
    for row, object_id in zip(rows, held, strict=True):
        yield (*row, *known.get(object_id, NO_THREAD))
