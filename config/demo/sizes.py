"""How much of a demo there is. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """monitors: how many, of which `fast` are checked each minute and the others every five; incidents: in all `days`.

    written: share of the grave incidents that get a post-mortem. mailed: whether people with a phone are paged by
    e-mail too; half the pages of a large demo would say the same again.
    """

    name: str
    monitors: int
    fast: int
    days: int
    incidents: int
    written: float = 0.92
    mailed: bool = True


SIZES = {
    "tiny": Size("tiny", monitors=6, fast=3, days=21, incidents=8),
    "default": Size("default", monitors=40, fast=40, days=365, incidents=150),
    "bench": Size("bench", monitors=500, fast=20, days=365, incidents=1_000, written=0.3, mailed=False),
}
