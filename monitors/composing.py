"""Several monitors as one service: at each instant a state by three-valued logic. Pure, standard library only.

The rules are in docs/availability.md. Instants are whole milliseconds since the epoch, so that lengths add up exactly.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Protocol

from monitors.states import State

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)
UP, DEGRADED, DOWN = State.UP.value, State.DEGRADED.value, State.DOWN.value
UNKNOWN, PAUSED = State.UNKNOWN.value, State.PAUSED.value
_ORDER = {UP: 0, DEGRADED: 1, DOWN: 2, UNKNOWN: 3, PAUSED: 4}

Stretch = tuple[datetime, datetime]  # a span of time, `[start, end)`
Piece = tuple[int, int, str]  # start and end in milliseconds since the epoch, and the state between


class Span(Protocol):
    """A stretch of one monitor's life, `[start, end)`, as `monitors.queries.spans` answers it."""

    @property
    def start(self) -> datetime:
        """Where it begins."""

    @property
    def end(self) -> datetime:
        """Where the next one begins."""

    @property
    def state(self) -> str:
        """The state that held."""


class Pieces(list[Piece]):
    """One monitor's life as pieces already, in any order: what a database hands over in whole milliseconds."""


Life = Sequence[Span] | Pieces


class Kind(StrEnum):
    """How the monitors of a service come to one state."""

    ALL = "all"
    ANY = "any"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True)
class Terms:
    """How members make the service from an instant on, until the next terms. quorum: how many, for QUORUM.

    members: keys of the members that count, the primary ones; None for all that are given.
    """

    since: datetime | None = None
    kind: Kind = Kind.ALL
    quorum: int = 0
    members: frozenset[Hashable] | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction that two people agreed on: what a member was in `[start, end)`. Its intervals stay as they are."""

    member: Hashable
    start: datetime
    end: datetime
    state: str


def service_pieces(
    members: Mapping[Hashable, Life],
    terms: Sequence[Terms] = (),
    adjusted: Sequence[Adjustment] = (),
    *,
    degraded_is_down: bool = False,
) -> list[Piece]:
    """The states a service went through, from those of its members (`monitors.availability.availability` says of what).

    In order, and an instant at which no member lived is in no piece: what it was is unknown.
    """
    held = {key: _corrected(_pieces(spans), key, adjusted) for key, spans in members.items()}
    ordered = sorted(terms, key=lambda one: one.since or EPOCH) or [Terms()]
    if len(ordered) == 1:
        counted = ordered[0].members
        lives = [pieces for key, pieces in held.items() if counted is None or key in counted]
        return _together(lives, ordered[0], degraded_is_down)
    found: list[Piece] = []
    for index, one in enumerate(ordered):
        since = ms_of(one.since) if index and one.since else None
        until = ms_of(ordered[index + 1].since or EPOCH) if index + 1 < len(ordered) else None
        lives = [pieces for key, pieces in held.items() if one.members is None or key in one.members]
        for piece in _together([_cut(life, since, until) for life in lives], one, degraded_is_down):
            _join(found, piece)
    return found


def instant_of(ms: int) -> datetime:
    """The instant of so many milliseconds since the epoch."""
    return EPOCH + ms * MS


def _together(lives: list[list[Piece]], terms: Terms, degraded_is_down: bool) -> list[Piece]:
    lives = [life for life in lives if life]
    if len(lives) == 1 and (terms.kind is not Kind.QUORUM or terms.quorum <= 1):
        return lives[0]
    moves: list[tuple[int, int, int]] = []
    for life in lives:
        for start, end, state in life:
            moves += [(start, 1, _ORDER[state]), (end, -1, _ORDER[state])]
    moves.sort(key=itemgetter(0))
    counts, found = [0] * len(_ORDER), list[Piece]()
    known: dict[tuple[int, ...], str] = {}  # members are mostly as they were before: few counts, asked for often
    for index, (at, step, state_no) in enumerate(moves):
        counts[state_no] += step
        until = moves[index + 1][0] if index + 1 < len(moves) else at
        if at < until and any(counts):
            key = tuple(counts)
            if key not in known:
                known[key] = _state(counts, terms, degraded_is_down)
            _join(found, (at, until, known[key]))
    return found


def _state(counts: Sequence[int], terms: Terms, degraded_is_down: bool) -> str:
    """Three values by counting: up if enough are, down if enough cannot be any more, else not seen."""
    up, degraded, down, unknown, _ = counts
    alive = sum(counts)
    need = {Kind.ALL: alive, Kind.ANY: 1, Kind.QUORUM: max(1, terms.quorum)}[terms.kind]
    members = max(alive, need)  # a member that a quorum needs and that is not there is one nobody sees
    good, bad = (up, down + degraded) if degraded_is_down else (up + degraded, down)
    if good >= need:
        return UP if up >= need else DEGRADED
    if members - bad < need:
        return DOWN if members - down < need else DEGRADED
    return UNKNOWN if unknown or members > alive else PAUSED


def _join(found: list[Piece], new: Piece) -> None:
    """Add a piece, or lengthen the last one if it goes on in the same state."""
    if found and found[-1][1] == new[0] and found[-1][2] == new[2]:
        found[-1] = (found[-1][0], new[1], new[2])
    else:
        found.append(new)


def _corrected(pieces: list[Piece], key: Hashable, adjusted: Sequence[Adjustment]) -> list[Piece]:
    for one in adjusted:
        if one.member == key and one.start < one.end:
            pieces = _overlaid(pieces, ms_of(one.start), ms_of(one.end), str(one.state))
    return pieces


def _overlaid(pieces: list[Piece], start: int, end: int, state: str) -> list[Piece]:
    """The pieces with `[start, end)` in another state, as far as there are pieces: a correction makes no life."""
    found: list[Piece] = []
    for piece in pieces:
        for part, held in (
            (_clip(piece, None, start), piece[2]),
            (_clip(piece, start, end), state),
            (_clip(piece, end, None), piece[2]),
        ):
            if part:
                _join(found, (*part, held))
    return found


# Milliseconds ------------------------------------------------------------------------------------------


def ms_of(moment: datetime) -> int:
    """An instant in whole milliseconds since the epoch, truncated."""
    return (moment - EPOCH) // MS


def _pieces(life: Life) -> list[Piece]:
    if isinstance(life, Pieces):
        return sorted(life)
    found = [(ms_of(span.start), ms_of(span.end), str(span.state)) for span in life]
    return sorted(piece for piece in found if piece[0] < piece[1])


def in_ms(stretches: Iterable[Stretch]) -> list[tuple[int, int]]:
    """Stretches of time in milliseconds."""
    return [(ms_of(start), ms_of(end)) for start, end in stretches]


def merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time as stretches that do not touch, in order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(one for one in stretches if one[0] < one[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def within(stretches: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """The parts of stretches that lie in `[start, end)`."""
    if not stretches:
        return []
    cut = [(max(one[0], start), min(one[1], end)) for one in stretches]
    return [one for one in cut if one[0] < one[1]]


def without(stretches: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """What is left of `[start, end)` without stretches that lie in it, in order."""
    if not stretches:
        return [(start, end)] if start < end else []
    edges = [start, *(edge for one in stretches for edge in one), end]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [(opens, closes) for opens, closes in pairs if opens < closes]


def length(stretches: list[tuple[int, int]]) -> int:
    """How long stretches that do not overlap are together."""
    return sum(end - start for start, end in stretches)


def _cut(life: list[Piece], since: int | None, until: int | None) -> list[Piece]:
    if since is None and until is None:
        return life
    return [(*part, piece[2]) for piece in life if (part := _clip(piece, since, until))]


def _clip(piece: Piece, since: int | None, until: int | None) -> tuple[int, int] | None:
    start = piece[0] if since is None else max(piece[0], since)
    end = piece[1] if until is None else min(piece[1], until)
    return (start, end) if start < end else None
