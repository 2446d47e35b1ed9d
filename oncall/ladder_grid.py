"""A policy channel by channel: over what it reaches people, how many, and in which minute. Standard library only.

Drawn from the rungs of a simulated run, so that it cannot promise what the engine would not do. The catch-all is no part of it:
it is what is left when a policy does not hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One page of a simulated run: over which channel, to whom, how many seconds after the fault."""

    channel: str
    person: str
    after_s: int


@dataclass(frozen=True)
class ChannelCell:
    """One channel for one urgency: how many people it reaches, and when how many are called. `first_s`: None if it is not used."""

    channel: str
    people: int
    moments: tuple[tuple[int, int], ...]

    @property
    def first_s(self) -> int | None:
        """Seconds after the fault until it is first used."""
        return self.moments[0][0] if self.moments else None


def by_channel(calls: Mapping[str, Sequence[Call]], channels: Iterable[str]) -> list[tuple[str, list[ChannelCell]]]:
    """Return a row a channel with a cell an urgency: those that everybody should have, then others that are used.

    calls: by urgency, in order of urgencies.
    """
    named = list(dict.fromkeys([*channels, *(call.channel for some in calls.values() for call in some)]))
    return [(channel, [_cell(channel, some) for some in calls.values()]) for channel in named]


def _cell(channel: str, calls: Sequence[Call]) -> ChannelCell:
    mine = [call for call in calls if call.channel == channel]
    when: dict[int, set[str]] = defaultdict(set)
    for call in mine:
        when[call.after_s].add(call.person)
    return ChannelCell(channel, len({call.person for call in mine}), tuple((at, len(when[at])) for at in sorted(when)))
