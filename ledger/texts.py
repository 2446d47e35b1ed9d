"""Free text beside the ledger: stored once, named by its hash, redactable."""

from __future__ import annotations

import hashlib
from datetime import datetime

from ledger.models import Text


def text_hash(body: str) -> str:
    """SHA-256 of the UTF-8 bytes, in hex: how history and ledger name a free text."""
    return hashlib.sha256(body.encode()).hexdigest()


def keep(body: str, *, now: datetime) -> str:
    """Store the text if it is new and return its hash; "" for no text."""
    if not body:
        return ""
    sha = text_hash(body)
    Text.objects.get_or_create(sha256=sha, defaults={"body": body, "recorded_at": now})
    return sha


def read(sha: str) -> str:
    """Return the text of a hash; a sentence that says so when it was redacted or never kept."""
    if not sha:
        return ""
    kept = Text.objects.filter(pk=sha).first()
    if kept is None or kept.redacted_at:
        return "(text removed; its hash is in the ledger)"
    return kept.body


def read_many(shas: set[str]) -> dict[str, str]:
    """Read many texts with one query."""
    return {t.sha256: t.body for t in Text.objects.filter(pk__in=shas, redacted_at__isnull=True)}
