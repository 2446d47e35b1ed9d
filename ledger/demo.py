"""The mark of made-up data: a line of the ledger, so that it cannot be taken off a database that still verifies."""

from __future__ import annotations

from ledger.models import LedgerSubject

SUBJECT = ("demo", "demo")


def is_demo() -> bool:
    """Whether what is in this database is made up. Seals and packs ask, and say so; one look into an index."""
    return LedgerSubject.objects.filter(kind=SUBJECT[0], object_id=SUBJECT[1]).exists()
