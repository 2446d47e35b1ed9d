"""Re-read the whole chain and say the first place where it does not hold."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.link import GENESIS, chain
from ledger.models import Entry


@dataclass(frozen=True)
class Verification:
    """Outcome of a verification: entries chained and unlinked, head hash, and the faults in words."""

    linked: int
    unlinked: int
    head: str
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True when no fault was found."""
        return not self.faults


def verify(*, most_faults: int = 10) -> Verification:
    """Recompute every hash from the stored lines, in constant memory."""
    faults: list[str] = []
    expected_seq, previous = 0, GENESIS
    rows = Entry.objects.filter(seq__isnull=False).order_by("seq").values_list("seq", "hash", "line", "kind", "recorded_at")
    for seq, stored, line, kind, recorded_at in rows.iterator(chunk_size=2_000):
        expected_seq += 1
        if seq != expected_seq:
            faults.append(f"line {expected_seq} is missing: the next stored line is {seq}")
            expected_seq = seq
        if chain(previous, line) != stored:
            faults.append(f"line {seq} ({kind}, {recorded_at:%Y-%m-%d %H:%M:%S} UTC) does not match its hash")
        previous = stored
        if len(faults) >= most_faults:
            break
    unlinked = Entry.objects.filter(seq__isnull=True).count()
    return Verification(expected_seq, unlinked, previous, tuple(faults))
