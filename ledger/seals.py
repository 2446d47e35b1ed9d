"""Closing a day of the chain: read its lines, sign what they come to, write the seal. Once a day, whoever tries.

The seal of a day ends at the last chained line that was recorded before midnight UTC. Lines of the next day that were
chained before that one are in it too; a line that was committed so late that its day is sealed already belongs to the
next seal. So seals tile the chain without gap or overlap, whatever clocks and slow transactions do.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Max

from ledger import seal_keys, seal_text
from ledger.link import GENESIS, link_entries, lock_chain
from ledger.models import Entry, Seal, SealKey
from ledger.record import record
from ledger.seal_text import NO_SEAL, DayFacts, DayLines, midnight_after, ready_at

CHUNK = 2_000
ONE_DAY = timedelta(days=1)

# lines that the house writes whether or not anything happened: a day of nothing else is quiet
ROUTINE = ("seal.", "digest.", "availability.days")


def newest_seal() -> Seal | None:
    """The last seal; None before the first."""
    return Seal.objects.order_by("-day").first()


def day_due(now: datetime) -> date | None:
    """The oldest day that may be sealed and is not; None when nothing is due. Days are sealed in order, none left out."""
    newest = newest_seal()
    if newest is not None:
        day = newest.day + ONE_DAY
    else:
        first = Entry.objects.order_by("id").values_list("recorded_at", flat=True).first()
        if first is None:
            return None
        day = first.astimezone(UTC).date()
    return day if now >= ready_at(day) else None


def read_day(day: date) -> DayLines | None:
    """What the seal of a day would say of its lines; None while a line of the day waits for its number.

    Reads without a lock: chained lines never change, and `write_seal` looks again whether these are all.
    """
    while link_entries():
        pass
    previous = newest_seal()
    first = previous.last_seq + 1 if previous else 1
    last = _last_seq(day, first)
    if last is None:
        return None
    digest, entries, quiet = hashlib.sha256(), 0, True
    start = head = previous.head if previous else GENESIS
    for kind, line, chained in _lines(first, last):
        head = chained
        digest.update(f"{line}\n".encode("utf-8", "surrogateescape"))
        entries += 1
        quiet = quiet and kind.startswith(ROUTINE)
    before = previous.sha256 if previous else NO_SEAL
    return DayLines(day, first, last, entries, start, head, digest.hexdigest(), before, quiet)


@transaction.atomic
def write_seal(lines: DayLines, facts: DayFacts, *, now: datetime) -> Seal | None:
    """Sign and keep the seal of a day; None when another hand was faster or a line came in between: try again.

    It holds the lock of the linker, so the chain does not grow meanwhile. Raises ValueError before the day is over.
    """
    if now < ready_at(lines.day):
        raise ValueError(f"{lines.day} is sealed from {ready_at(lines.day):%Y-%m-%d %H:%M} UTC on, not before.")
    if not lock_chain() or not _still(lines):
        return None
    key = _key(now)
    text = seal_text.write(lines, facts, sealed_at=now, key=key.fingerprint)
    seal = Seal.objects.create(
        day=lines.day,
        first_seq=lines.first,
        last_seq=lines.last,
        entries=lines.entries,
        head=lines.head,
        day_sha256=lines.sha256,
        previous_sha256=lines.previous,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        quiet=lines.quiet,
        text=text,
        signature=base64.b64encode(seal_keys.sign(text.encode())).decode(),
        key=key,
        sealed_at=now,
    )
    said = {"day": lines.day.isoformat(), "last": lines.last, "sha256": seal.sha256, "key": key.fingerprint}
    record("seal.made", [seal], said, now=now)
    return seal


def lines_between(first: int, last: int) -> Iterator[str]:
    """The exact lines with these numbers, both included, in order and in pieces: a day may have a million."""
    return (line for _, line, _ in _lines(first, last))


def _lines(first: int, last: int) -> Iterator[tuple[str, str, str]]:
    at = first
    while at <= last:
        rows = Entry.objects.filter(seq__gte=at, seq__lte=last).order_by("seq")[:CHUNK]
        found = list(rows.values_list("seq", "kind", "line", "hash"))
        if not found:
            return
        yield from ((kind, line, chained or "") for _, kind, line, chained in found)
        at = (found[-1][0] or last) + 1


def _last_seq(day: date, first: int) -> int | None:
    """Number of the day's last line, `first - 1` on an empty day; None while a line of the day has no number yet."""
    until = midnight_after(day)
    if Entry.objects.filter(seq__isnull=True, recorded_at__lt=until).exists():
        return None
    found = Entry.objects.filter(seq__gte=first, recorded_at__lt=until).aggregate(last=Max("seq"))["last"]
    return first - 1 if found is None else found


def _still(lines: DayLines) -> bool:
    """Whether the seal to be written is still the next one and speaks of all its lines."""
    newest = newest_seal()
    follows = newest.sha256 == lines.previous and newest.day < lines.day if newest else lines.previous == NO_SEAL
    return follows and _last_seq(lines.day, lines.first) == lines.last


def _key(now: datetime) -> SealKey:
    """The key of this installation, known from its first use on."""
    fingerprint = seal_keys.fingerprint()
    held = SealKey.objects.filter(pk=fingerprint).first()
    if held is None:
        held = SealKey.objects.create(fingerprint=fingerprint, pem=seal_keys.public_pem(), first_used_at=now)
        record("seal.key_first_used", [("sealkey", fingerprint)], {"fingerprint": fingerprint}, now=now)
    return held
