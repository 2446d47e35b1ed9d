"""`purge`: the one way in which recorded rows are deleted. Each deletion is a row and a line of its own.

Rules in words: docs/retention.md. It deletes what it has hashed and nothing else, in a transaction that stays small.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from ledger.append_only import PURGE_FLOOR_DAYS
from ledger.models import PurgeRecord
from ledger.record import instant, record

BATCH = 1_000
HOUR_S = 3600


class TooYoung(ValueError):
    """A purge was asked to delete what no setting may delete."""


@dataclass(frozen=True)
class Old:
    """Which rows of a table are past their time. aged_by: their age, an instant or `hour` since the epoch.

    rule: the rule by which, as docs/retention.md names it. rows: narrows them down, for rows that have to stay.
    """

    model: type[models.Model]
    aged_by: str
    rule: str
    rows: models.QuerySet[Any] | None = None


def purge(old: Old, *, before: datetime, now: datetime, batch: int = BATCH) -> int:
    """Delete at most `batch` rows that are older than `before`, and record what they were; return how many.

    One transaction: hash, record, delete, close the record. Raises TooYoung if `before` is less than
    PURGE_FLOOR_DAYS ago; the triggers hold to the same by the database's own clock.
    """
    if now - before < timedelta(days=PURGE_FLOOR_DAYS):
        raise TooYoung(f"Rows younger than {PURGE_FLOOR_DAYS} days are never deleted, and {before} is.")
    bound: Any = int(before.timestamp()) // HOUR_S if old.aged_by == "hour" else before
    found = old.model._base_manager.all() if old.rows is None else old.rows
    with transaction.atomic():
        rows = list(found.filter(**{f"{old.aged_by}__lt": bound}).order_by(old.aged_by, "pk")[:batch])
        if not rows:
            return 0
        made = PurgeRecord.objects.create(
            table_name=old.model._meta.db_table,
            rule=old.rule,
            bound_at=before,
            rows=len(rows),
            first_at=_aged(rows[0], old.aged_by),
            last_at=_aged(rows[-1], old.aged_by),
            digest=digest_of(rows),
            recorded_at=now,
        )
        _delete(old.model, rows)
        PurgeRecord.objects.filter(pk=made.pk, done_at__isnull=True).update(done_at=now)
        said = {
            "table": made.table_name, "rule": made.rule, "before": instant(before), "rows": made.rows,
            "first": instant(made.first_at), "last": instant(made.last_at), "sha256": made.digest,
        }  # fmt: skip
        record("purge.done", [made], said, now=now)
    return len(rows)


def digest_of(rows: Iterable[models.Model]) -> str:
    """SHA-256 in hex over the columns of rows, in their order; a feed after each."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update("|".join(_cell(getattr(row, f.attname)) for f in row._meta.concrete_fields).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def _cell(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return instant(value) if isinstance(value, datetime) else str(value)


def _aged(row: models.Model, column: str) -> datetime:
    value = getattr(row, column)
    return value if isinstance(value, datetime) else datetime.fromtimestamp(value * HOUR_S, UTC)


def _delete(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """By key and by hand: Django would read what hangs on them, and a tracked queryset refuses."""
    keys = [f.column for f in getattr(model._meta, "pk_fields", [model._meta.pk])]
    names = [f.attname for f in getattr(model._meta, "pk_fields", [model._meta.pk])]
    where = " AND ".join(f'"{column}" = %s' for column in keys)
    with connection.cursor() as cursor:
        cursor.executemany(
            f'DELETE FROM "{model._meta.db_table}" WHERE {where}',  # noqa: S608 - our own names
            [[_key(getattr(row, name)) for name in names] for row in rows],
        )


def _key(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
