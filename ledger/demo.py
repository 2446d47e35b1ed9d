"""The mark of demo data. It is the first line of the ledger, so it cannot be taken off a database that still verifies.

Pages, seals and reports ask `is_demo` and say so.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.models import Entry, LedgerSubject
from ledger.record import record

SUBJECT = ("demo", "demo")
BEGUN, FILLED = "demo.begun", "demo.filled"


def is_demo() -> bool:
    """Whether what is in this database is made up; one look into an index."""
    return LedgerSubject.objects.filter(kind=SUBJECT[0], object_id=SUBJECT[1]).exists()


def is_filled() -> bool:
    """Whether the demo was written to its end."""
    lines = LedgerSubject.objects.filter(kind=SUBJECT[0], object_id=SUBJECT[1])
    return Entry.objects.filter(kind=FILLED, pk__in=lines.values("entry_id")).exists()


@transaction.atomic
def begin(*, size: str, seed: int, now: datetime) -> None:
    """Mark this database, before anything else is in it."""
    record(BEGUN, [SUBJECT], {"size": size, "seed": seed}, now=now)


@transaction.atomic
def finish(*, now: datetime) -> None:
    """Say that all of it was written."""
    record(FILLED, [SUBJECT], {}, now=now)
