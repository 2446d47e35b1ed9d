"""The linker: gives entries their gapless number and their place in the chain.

`hash_n = SHA-256(hash_{n-1} + "\\n" + line_n + "\\n")`, both in hex and UTF-8; before the first entry stand 64
zeros (docs/ledger.md). Entries are inserted without any lock; one linker at a time chains them, in the
order in which it finds them committed, so that no business transaction waits for another.
"""

from __future__ import annotations

import hashlib

from django.db import connection, transaction

from ledger.failpoints import fail_point
from ledger.models import Entry, Head

GENESIS = "0" * 64
LOCK_KEY = 0x57424C4B  # "WBLK": the advisory lock of the linker
BATCH = 5_000


def chain(previous: str, line: str) -> str:
    """Return the hash of an entry from the hash before it and its exact line."""
    # a damaged file may hand over bytes that are no UTF-8; each must still count
    return hashlib.sha256(f"{previous}\n{line}\n".encode("utf-8", "surrogateescape")).hexdigest()


def link_entries(*, limit: int = BATCH) -> int:
    """Chain up to `limit` committed entries; return how many. 0 when another linker is at work."""
    if not Entry.objects.filter(seq__isnull=True).exists():
        return 0
    with transaction.atomic():
        if not lock_chain():
            return 0
        seq, previous = chain_end()
        links = []
        for entry_id, line in Entry.objects.filter(seq__isnull=True).order_by("id").values_list("id", "line")[:limit]:
            seq, previous = seq + 1, chain(previous, line)
            links.append((seq, previous, entry_id))
        if links:
            _write(links)
            _remember(seq, previous)
        fail_point("link.before_commit")
    fail_point("link.after_commit")
    return len(links)


def chain_end() -> tuple[int, str]:
    """Return number and hash of the last line, from the entries or from what the linker remembers.

    The later of the two wins: were the last lines removed, the chain goes on after the hole, and the
    hole stays visible for ever.
    """
    ends = [(0, GENESIS), *Head.objects.values_list("seq", "hash")]
    last = Entry.objects.filter(seq__isnull=False).order_by("-seq").only("seq", "hash").first()
    if last is not None:
        ends.append((last.seq or 0, last.hash or ""))
    return max(ends, key=lambda end: end[0])


def _remember(seq: int, last: str) -> None:
    if not Head.objects.filter(pk=1).update(seq=seq, hash=last):
        Head.objects.create(seq=seq, hash=last)


def lock_chain() -> bool:
    """Keep the chain as it is until commit: an advisory lock on PostgreSQL, on SQLite the write transaction itself.

    False when another process holds it.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK_KEY])
        return bool(cursor.fetchone()[0])


def _write(links: list[tuple[int, str, int]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "UPDATE ledger_entry SET seq = l.seq, hash = l.hash FROM "
                "unnest(%s::bigint[], %s::text[], %s::bigint[]) AS l(seq, hash, id) WHERE ledger_entry.id = l.id",
                [list(column) for column in zip(*links, strict=True)],
            )
        else:
            cursor.executemany("UPDATE ledger_entry SET seq = %s, hash = %s WHERE id = %s", links)
