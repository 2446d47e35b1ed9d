"""Models of the ledger."""

from ledger.models.entries import Entry, LedgerSubject, Text
from ledger.models.liveness import Liveness

__all__ = ["Entry", "LedgerSubject", "Liveness", "Text"]
