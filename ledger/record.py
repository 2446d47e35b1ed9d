"""`record`: the only writer of the ledger. It runs in the transaction of what it proves (law 7)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from ledger.actors import Actor, current_actor
from ledger.hints import hint
from ledger.models import Entry, LedgerSubject
from ledger.texts import text_hash

__all__ = ["record", "text_hash"]

Subject = Any  # an object with `public_id`, or a pair (kind, id)


class OutsideTransaction(RuntimeError):
    """A ledger entry was written without the change that it proves."""


def record(
    kind: str, subjects: Iterable[Subject], data: dict[str, Any], *, now: datetime, actor: Actor | None = None
) -> Entry:
    """Write one entry and its subjects; return the entry, which the linker chains within a second.

    kind: dotted, such as "incident.acknowledged". subjects: objects with a `public_id`, or pairs
    (kind, id). data: JSON-able; public ids, masks, fingerprints and hashes only, never an address,
    a person's name, free text or a secret. Raises OutsideTransaction when called outside `atomic`.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{kind}: ledger.record needs the transaction of the change it proves")
    who = actor or current_actor()
    named = [_subject(subject) for subject in subjects]
    line = json.dumps(
        {
            "at": instant(now),
            "kind": kind,
            "actor": {"kind": who.kind, "id": who.id, "via": who.via},
            "subjects": [f"{k}:{i}" for k, i in named],
            "data": data,
        },
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    # half a surrogate pair is no text to any database; its escape is, and means the same in JSON
    entry = Entry(recorded_at=now, kind=kind, line=line.encode("utf-8", "backslashreplace").decode())
    insert = _insert_in_one_trip if connection.vendor == "postgresql" else _insert
    insert(entry, named)
    hint("link")
    return entry


def _insert(entry: Entry, named: list[tuple[str, str]]) -> None:
    entry.save(force_insert=True)
    LedgerSubject.objects.bulk_create([LedgerSubject(entry=entry, kind=k, object_id=i) for k, i in named])


def _insert_in_one_trip(entry: Entry, named: list[tuple[str, str]]) -> None:
    """On PostgreSQL entry and subjects are one statement: the writer waits for one answer, not for two."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH e AS (INSERT INTO ledger_entry (recorded_at, kind, line) VALUES (%s, %s, %s) RETURNING id), "
            "s AS (INSERT INTO ledger_ledgersubject (entry_id, kind, object_id) "
            "SELECT e.id, n.kind, n.object_id FROM e, unnest(%s::text[], %s::text[]) WITH ORDINALITY "
            "AS n(kind, object_id, position) ORDER BY n.position) SELECT id FROM e",
            [entry.recorded_at, entry.kind, entry.line, [k for k, _ in named], [i for _, i in named]],
        )
        entry.pk = cursor.fetchone()[0]
    entry._state.adding = False


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z, the form of every `*_at` in evidence."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _subject(subject: Subject) -> tuple[str, str]:
    if isinstance(subject, tuple):
        return str(subject[0]), str(subject[1])
    return subject._meta.model_name, subject.public_id
