"""Models of the ledger."""

from ledger.models.entries import Entry, Head, LedgerSubject, Text
from ledger.models.liveness import Liveness
from ledger.models.purges import PurgeRecord
from ledger.models.seals import Seal, SealKey

__all__ = ["Entry", "Head", "LedgerSubject", "Liveness", "PurgeRecord", "Seal", "SealKey", "Text"]
