"""What the ledger promises: lines are linked, the guards stand, the chain ends where the linker left it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from ledger import append_only
from ledger.link import GENESIS, chain, link_entries
from ledger.models import Entry, Head
from ledger.promises import Breach, Promise, counted, waiting

LINKED_WITHIN = timedelta(seconds=10)


def entries_linked(now: datetime) -> Breach | None:
    """Every line got its number within ten seconds."""
    late = Entry.objects.filter(seq__isnull=True, recorded_at__lt=now - LINKED_WITHIN)
    oldest = late.order_by("id").values_list("recorded_at", flat=True).first()
    if oldest is None:
        return None
    return Breach(waiting(late.count(), "line", oldest, now, "for a number"))


def guards_stand(now: datetime) -> Breach | None:
    """Every table that only grows has its triggers."""
    missing = append_only.missing(connection)
    if not missing:
        return None
    return Breach(f"{counted(len(missing), 'table')} can be changed behind our back: {', '.join(missing[:3])}.")


def chain_ends_right(now: datetime) -> Breach | None:
    """The last line hashes to what the linker remembers. The whole chain is verify_ledger's; this is its cheap end."""
    head = Head.objects.first()
    if head is None:
        return None
    lines = {entry.seq: entry for entry in Entry.objects.filter(seq__in=(head.seq - 1, head.seq))}
    last, before = lines.get(head.seq), lines.get(head.seq - 1)
    if last is None or (before is None and head.seq > 1):
        return Breach(f"The last lines of the ledger, up to {head.seq:,}, are not all there.")
    previous = GENESIS if before is None else before.hash or ""
    if last.hash != head.hash or chain(previous, last.line) != last.hash:
        return Breach(f"Line {head.seq:,} does not match its hash.")
    return None


PROMISES = (
    Promise(
        name="ledger.entries_linked",
        says="Every line of the ledger has its number and hash within 10 s.",
        trouble="the ledger falls behind",
        check=entries_linked,
        remedy="Look for `step_failed` with the step link in the engine's log.",
        repair=lambda now: link_entries(),
        mends="links what waits",
    ),
    Promise(
        name="ledger.guards_stand",
        says="Every table that only grows is guarded by its triggers.",
        trouble="the record is not guarded",
        check=guards_stand,
        remedy="Ask who changed the database, and run `manage.py verify_ledger`.",
        repair=lambda now: append_only.install(connection),
        mends="puts the missing triggers back",
    ),
    Promise(
        name="ledger.chain_ends_right",
        says="The last line of the ledger matches its hash and what the linker remembers.",
        trouble="the end of the ledger was changed",
        check=chain_ends_right,
        remedy="Run `manage.py verify_ledger`, keep a copy of the database, and ask who had access.",
    ),
)
