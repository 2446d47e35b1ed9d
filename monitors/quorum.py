"""What several locations say, merged into one observation. Pure, standard library only.

The rules are in docs/locations.md:

- the locations of a monitor check it at the same slots; what they say of one slot is a round;
- a round is good, or bad, as soon as a strict majority of the *configured* locations says so. That can never be
  undone by a vote that comes later, so the order in which results arrive does not matter, and nobody is waited for;
- a location that said nothing is neither good nor bad, and is never left out of the count;
- a round without such a majority, because too few spoke or because they disagree, is no observation at all. The
  judge then hears silence, and silence is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


class Vote(NamedTuple):
    """What a location saw at a slot. good: None when it measured nothing."""

    at: datetime
    location: int
    good: bool | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How the locations of a monitor stand. silent: those whose last result no longer speaks, or never came."""

    configured: int
    good: int
    bad: int

    @property
    def required(self) -> int:
        """How many must agree."""
        return required(self.configured)

    @property
    def effective(self) -> int:
        """How many speak."""
        return self.good + self.bad

    @property
    def silent(self) -> int:
        """How many do not."""
        return self.configured - self.effective

    @property
    def verdict(self) -> bool | None:
        """What they say together; None without a majority."""
        return _verdict(self.good, self.bad, self.configured)


def required(configured: int) -> int:
    """The strict majority of the configured locations: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 3 of 5."""
    return configured // 2 + 1


def tally(voices: Mapping[int, bool | None], configured: Collection[int]) -> Tally:
    """Count the voices of the configured locations; voices of others are not heard."""
    said = [voices.get(location) for location in set(configured)]
    return Tally(len(said), said.count(True), said.count(False))


def rounds(votes: Iterable[Vote], configured: Collection[int]) -> list[tuple[datetime, bool]]:
    """The slots that are decided, in order, and how. votes: in any order; one location's first at a slot stands."""
    by_slot: dict[datetime, dict[int, bool | None]] = defaultdict(dict)
    for vote in votes:
        if by_slot[vote.at].get(vote.location) is None:
            by_slot[vote.at][vote.location] = vote.good
    decided = ((at, tally(voices, configured).verdict) for at, voices in by_slot.items())
    return sorted((at, good) for at, good in decided if good is not None)


def speaking(heard_at: datetime | None, *, now: datetime, interval: timedelta, timeout: timedelta) -> bool:
    """Whether a location's last result still counts as its voice: not after two intervals and a timeout."""
    return heard_at is not None and now - heard_at <= 2 * interval + timeout


def _verdict(good: int, bad: int, configured: int) -> bool | None:
    if good >= required(configured):
        return True
    return False if bad >= required(configured) else None
