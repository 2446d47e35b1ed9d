"""Reads: the state of the ledger, seals, anchors with their last mail, packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from evidence.models import Anchor, Pack, SealLetter
from ledger import seal_text
from ledger.link import chain_end
from ledger.models import Entry, Seal, SealKey
from ledger.seals import day_due, newest_seal


@dataclass(frozen=True)
class Standing:
    """Where the ledger stands: its end, what waits for a number, the newest seal, and the oldest day that lacks one."""

    seq: int
    head: str
    unlinked: int
    newest: Seal | None
    overdue: date | None

    @property
    def next_seal_at(self) -> datetime | None:
        """When the next day will be sealed; None before the first line."""
        if self.newest is None:
            return None
        return seal_text.ready_at(self.newest.day + timedelta(days=1))


@dataclass(frozen=True)
class DayMark:
    """One day on the ruler of seals: sealed, quiet, missing or due."""

    day: date
    state: str
    entries: int = 0


def standing(*, now: datetime) -> Standing:
    """Read in four queries."""
    seq, head = chain_end()
    unlinked = Entry.objects.filter(seq__isnull=True).count()
    return Standing(seq, head, unlinked, newest_seal(), day_due(now))


def seals() -> QuerySet[Seal]:
    """Seals, newest first, with their keys."""
    return Seal.objects.select_related("key").order_by("-day")


def seal_keys() -> QuerySet[SealKey]:
    """Every public key that signed here, newest first."""
    return SealKey.objects.order_by("-first_used_at", "fingerprint")


def ruler(*, now: datetime, days: int) -> list[DayMark]:
    """The last days since sealing began, oldest first: each is sealed, missing (it should be by now) or due."""
    first = Seal.objects.order_by("day").values_list("day", flat=True).first()
    if first is None:
        return []
    today = now.date()
    start = max(first, today - timedelta(days=days - 1))
    held = {s.day: s for s in Seal.objects.filter(day__gte=start).only("day", "quiet", "entries")}
    return [_mark(start + timedelta(days=n), held, now) for n in range((today - start).days + 1)]


def _mark(day: date, held: dict[date, Seal], now: datetime) -> DayMark:
    seal = held.get(day)
    if seal is not None:
        return DayMark(day, "quiet" if seal.quiet else "sealed", seal.entries)
    return DayMark(day, "missing" if now >= seal_text.ready_at(day) else "due")


def anchors() -> QuerySet[Anchor]:
    """Anchors in force, oldest first."""
    return Anchor.objects.in_force().order_by("created_at", "pk")


def with_last_letters(held: Sequence[Anchor]) -> Sequence[Anchor]:
    """Set `last_letter` (or None) and `unsent` (letters that ended without leaving, of 30 newest) on each; one query."""
    letters: dict[int, list[SealLetter]] = {}
    newest = SealLetter.objects.filter(anchor__in=held).select_related("seal").order_by("-id")
    for letter in newest[: 30 * max(len(held), 1)]:
        letters.setdefault(letter.anchor_id, []).append(letter)
    for anchor in held:
        mine = letters.get(anchor.pk, [])
        anchor.last_letter = mine[0] if mine else None  # type: ignore[attr-defined]
        anchor.unsent = sum(letter.state == "failed" for letter in mine)  # type: ignore[attr-defined]
    return held


def left_the_machine(rows: Sequence[Seal]) -> set[int]:
    """Primary keys of those seals that at least one anchor was sent."""
    sent = SealLetter.objects.filter(seal=OuterRef("pk"), sent_at__isnull=False)
    held = Seal.objects.filter(pk__in=[seal.pk for seal in rows]).filter(Exists(sent))
    return set(held.values_list("pk", flat=True))


def letters_due(*, now: datetime) -> bool:
    """Whether a seal waits to be mailed."""
    return SealLetter.objects.filter(ended_at__isnull=True, due_at__lte=now).exists()


def packs() -> QuerySet[Pack]:
    """Packs that were made, newest first."""
    return Pack.objects.order_by("-made_at", "-pk")
