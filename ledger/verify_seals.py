"""Compare the seals with each other, with the chain they close and with the lines that say they were made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

from ledger import seal_keys, seal_text
from ledger.link import GENESIS
from ledger.models import Entry, LedgerSubject, Seal
from ledger.seal_text import NO_SEAL
from ledger.seals import lines_between


def seal_faults() -> Iterator[str]:
    """Say every day that is missing, and every seal that does not hold; reads one day of lines at a time."""
    made = _made()
    before: Seal | None = None
    for seal in Seal.objects.select_related("key").order_by("day").iterator(chunk_size=100):
        said = made.pop(seal.public_id, None)
        try:
            yield from (f"{seal}: {fault}" for fault in _faults_of(seal, before))
        except (ValueError, TypeError) as error:
            # a key or a signature that no longer is one
            yield f"{seal}: a stored value cannot be read ({error})"
        if said != seal.sha256:
            yield f"{seal}: the ledger has {'another one' if said else 'no line'} for it"
        before = seal
    yield from (f"the seal {public_id} was made and is gone" for public_id in made)


def _faults_of(seal: Seal, before: Seal | None) -> Iterator[str]:
    if hashlib.sha256(seal.text.encode()).hexdigest() != seal.sha256:
        yield "its text was changed"
    if seal_keys.fingerprint_of(seal.key.pem) != seal.key_id:
        yield "its key is not the one it names"
    elif not seal_keys.holds(seal.key.pem, seal.signature_bytes, seal.text.encode()):
        yield "its signature does not fit its text"
    if _columns(seal) != _said(seal):
        yield "its columns say something else than its text"
    if before is not None and seal.day != before.day + timedelta(days=1):
        yield f"the days between {before.day} and {seal.day} have no seal"
    if seal.previous_sha256 != (before.sha256 if before else NO_SEAL):
        yield "it does not follow the seal before it"
    if seal.first_seq != (before.last_seq + 1 if before else 1):
        yield "its lines do not begin where those of the seal before it end"
    yield from _line_faults(seal, before)


def _line_faults(seal: Seal, before: Seal | None) -> Iterator[str]:
    """The lines must come to what was signed, and end at the head that was signed."""
    digest, entries = hashlib.sha256(), 0
    for line in lines_between(seal.first_seq, seal.last_seq):
        digest.update(f"{line}\n".encode("utf-8", "surrogateescape"))
        entries += 1
    if digest.hexdigest() != seal.day_sha256 or entries != seal.entries:
        yield f"its lines {seal.first_seq} to {seal.last_seq} are not those that were sealed"
    head = Entry.objects.filter(seq=seal.last_seq).values_list("hash", flat=True).first()
    start = before.head if before else GENESIS
    if (head if entries else start) != seal.head or seal_text.read(seal.text).get("start") != start:
        yield "the chain does not begin or end that day at the hash that was sealed"


def _columns(seal: Seal) -> dict[str, str]:
    return {
        "day": seal.day.isoformat(),
        "first": str(seal.first_seq),
        "last": str(seal.last_seq),
        "entries": str(seal.entries),
        "head": seal.head,
        "ledger": seal.day_sha256,
        "previous": seal.previous_sha256,
        "key": seal.key_id,
    }


def _said(seal: Seal) -> dict[str, str]:
    said = seal_text.read(seal.text)
    return {name: said.get(name, "") for name in _columns(seal)}


def _made() -> dict[str, str]:
    """SHA-256 by public id of the seals that the ledger says were made."""
    found = {}
    entries = LedgerSubject.objects.filter(kind="seal", entry__kind="seal.made")
    for line in entries.values_list("entry__line", flat=True).iterator(chunk_size=1_000):
        said = json.loads(line)
        found[said["subjects"][0].partition(":")[2]] = said["data"]["sha256"]
    return found
