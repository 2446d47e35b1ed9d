"""Models of the ledger."""

from ledger.models.entries import Entry, Head, LedgerSubject, Text
from ledger.models.liveness import Liveness

__all__ = ["Entry", "Head", "LedgerSubject", "Liveness", "Text"]
