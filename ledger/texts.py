"""Free text beside the ledger: stored once, named by its hash, redactable."""

from __future__ import annotations

import hashlib
from datetime import datetime

from ledger.models import Text

REMOVED = "(text removed; its hash is in the ledger)"


def text_hash(body: str) -> str:
    """SHA-256 of the UTF-8 bytes, in hex: how history and ledger name a free text."""
    return hashlib.sha256(body.encode()).hexdigest()


def keep(body: str, *, now: datetime) -> str:
    """Store the text if it is new and return its hash; "" for no text.

    A text that was redacted stays redacted, also when somebody writes the same words again.
    """
    if not body:
        return ""
    sha = text_hash(body)
    if not Text.objects.filter(pk=sha).exists():
        # two writers of the same words may meet here on PostgreSQL; either row will do
        Text.objects.bulk_create([Text(sha256=sha, body=body, recorded_at=now)], ignore_conflicts=True)
    return sha


def read(sha: str) -> str:
    """Return the text of a hash; a sentence that says so when it was redacted or never kept."""
    return read_many({sha}).get(sha, REMOVED) if sha else ""


def read_many(shas: set[str]) -> dict[str, str]:
    """Read many texts with one query; redacted ones are absent, and REMOVED stands for them."""
    return {t.sha256: t.body for t in Text.objects.filter(pk__in=shas, redacted_at__isnull=True)}
