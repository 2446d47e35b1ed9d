"""Many monitors' states as one line: at every instant the worst of them. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

Stretch = tuple[datetime, datetime, str]
# paused is last: one monitor somebody paused says nothing of a service that others watch
WORST_FIRST = ("down", "verifying", "degraded", "unknown", "up", "paused")


def worst(states: Iterable[str]) -> str:
    """The worst of several states; unknown for none, because silence is never up."""
    return min(states, key=WORST_FIRST.index, default="unknown")


def together(lines: Iterable[Sequence[Stretch]]) -> list[Stretch]:
    """Stretches of the worst state held by any line, in order, neighbours of one state joined.

    Where no line says anything there is no stretch. One walk over all edges: n log n.
    """
    edges = sorted(
        (at, step, state)
        for line in lines
        for start, end, state in line
        if end > start
        for at, step in ((start, 1), (end, -1))
    )
    held: Counter[str] = Counter()
    out: list[Stretch] = []
    since: datetime | None = None
    for at, step, state in edges:
        now_held = [one for one, count in held.items() if count]
        if since is not None and at > since and now_held:
            _append(out, since, at, worst(now_held))
        held[state] += step
        since = at
    return out


def _append(out: list[Stretch], start: datetime, end: datetime, state: str) -> None:
    if out and out[-1][2] == state and out[-1][1] == start:
        out[-1] = (out[-1][0], end, state)
    else:
        out.append((start, end, state))


def in_words(name: str, stretches: Sequence[Stretch]) -> str:
    """What the line shows, for those who do not see it: `Checkout: up, then unknown, then down`, the last six."""
    said = [state for _, _, state in stretches[-6:]]
    return f"{name}: {', then '.join(said)}" if said else f"{name}: nothing recorded in this span"
