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
    )
    entry = Entry(recorded_at=now, kind=kind, line=line)
    entry.save(force_insert=True)
    LedgerSubject.objects.bulk_create([LedgerSubject(entry=entry, kind=k, object_id=i) for k, i in named])
    hint("link")
    return entry


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z, the form of every `*_at` in evidence."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _subject(subject: Subject) -> tuple[str, str]:
    if isinstance(subject, tuple):
        return str(subject[0]), str(subject[1])
    return subject._meta.model_name, subject.public_id
