"""Taking a free text out of the record: the words go, the fact that they were there stays provable."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.models import Text
from ledger.record import record
from ledger.texts import keep


class NothingToRedact(ValueError):
    """No text has this hash, or its words are gone already."""


@transaction.atomic
def redact(sha256: str, *, reason: str, now: datetime) -> None:
    """Blank one text everywhere it is shown, and record that and why; the chain is not touched.

    sha256: its hash, 64 hex digits. Raises NothingToRedact, and ValueError without a reason. Rule: P-6 of
    docs/ledger.md.
    """
    if not reason.strip():
        raise ValueError("A redaction needs a reason: an auditor will ask why the text is gone.")
    changed = Text.objects.filter(pk=sha256, redacted_at__isnull=True).update(body="", redacted_at=now)
    if not changed:
        raise NothingToRedact(f"There is no readable text with the hash {sha256}.")
    record("text.redacted", [("text", sha256)], {"sha256": sha256, "reason": keep(reason, now=now)}, now=now)
