"""The ledger's files of a pack: whole days, the seals from the first of them to the newest, every key that signed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from evidence.pack.writer import Made, Writer
from ledger import seal_keys
from ledger.link import GENESIS, chain_end
from ledger.models import Seal
from ledger.seals import lines_between

WORDS = "The lines of one sealed day, exactly as they were hashed, in order."
UNSEALED = "Lines after the newest seal, exactly as they were hashed, in order; their day is sealed after midnight UTC."


@dataclass
class Covered:
    """What of the chain is in the pack. unsealed: how many lines follow the newest seal, 0 if none was needed."""

    days: list[date] = field(default_factory=list)
    seals: list[Seal] = field(default_factory=list)
    unsealed: int = 0
    made: list[Made] = field(default_factory=list)

    @property
    def sealed_until(self) -> date | None:
        """Day of the newest seal in the pack."""
        return self.seals[-1].day if self.seals else None


def write_days(writer: Writer, numbers: Sequence[int], *, first_day: date, last_day: date) -> Covered:
    """Write the day files of every day of the span and of every day that holds one of the lines, and all seals after.

    The row of seals has no hole: it runs from the first of those days to the newest seal there is.
    """
    covered = Covered()
    begun = False
    for seal in Seal.objects.select_related("key").order_by("day").iterator(chunk_size=100):
        wanted = first_day <= seal.day <= last_day or _holds_one(seal, numbers)
        begun = begun or wanted
        if not begun:
            continue
        covered.seals.append(seal)
        writer.text(f"seals/{seal.day}.seal", seal.text)
        writer.raw(f"seals/{seal.day}.sig", seal.signature_bytes)
        if wanted:
            covered.days.append(seal.day)
            covered.made.append(_day_file(writer, str(seal.day), seal.first_seq, seal.last_seq, WORDS))
    _write_unsealed(writer, covered, numbers)
    _write_keys(writer, covered)
    return covered


def _holds_one(seal: Seal, numbers: Sequence[int]) -> bool:
    """Whether one of the numbers, which are in order, is a line of the sealed day."""
    at = bisect_left(numbers, seal.first_seq)
    return at < len(numbers) and numbers[at] <= seal.last_seq


def _write_unsealed(writer: Writer, covered: Covered, numbers: Sequence[int]) -> None:
    newest = Seal.objects.order_by("-day").first()
    first = newest.last_seq + 1 if newest else 1
    if not numbers or numbers[-1] < first:
        return
    last, head = chain_end()
    covered.unsealed = last - first + 1
    covered.made.append(_day_file(writer, "unsealed", first, last, UNSEALED))
    pairs = {
        "first": first,
        "last": last,
        "start": newest.head if newest else GENESIS,
        "head": head,
        "ledger": writer.sums["ledger/unsealed.jsonl"],
        "previous": newest.sha256 if newest else GENESIS,
    }
    writer.text("ledger/unsealed.head", "".join(f"{name} {value}\n" for name, value in pairs.items()))


def _day_file(writer: Writer, name: str, first: int, last: int, words: str) -> Made:
    path = f"ledger/{name}.jsonl"
    writer.pieces(path, (f"{line}\n" for line in lines_between(first, last)))
    rows = max(0, last - first + 1)
    ends = (str(first), str(last)) if rows else ("", "")
    return Made(path, rows, *ends, "day_file", 1, words, {"first": str(first), "last": str(last)})


def _write_keys(writer: Writer, covered: Covered) -> None:
    keys = {seal.key.fingerprint: seal.key.pem for seal in covered.seals}
    keys[seal_keys.fingerprint()] = seal_keys.public_pem()
    for fingerprint, pem in sorted(keys.items()):
        writer.text(f"keys/{fingerprint}.pem", pem)
    writer.text("public_key.pem", seal_keys.public_pem())
