"""Who is on call: the one function behind every screen, page, record and report. docs/schedules.md, "Who answers".

`shifts` decides; everything else asks it. An instant is a window that is one microsecond long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from oncall.rota.calendar import INSTANT, Window
from oncall.rota.layers import Piece, pieces
from oncall.rota.overrides import answer
from oncall.rota.schedule import PRIMARY, OnCall, Override, Person, Schedule, Shift

# A year's rotation and a month: who comes later than that is nobody's next
AHEAD = timedelta(days=400)
FIRST_LOOK = timedelta(days=2)


def shifts(schedule: Schedule, within: Window, role: str = PRIMARY) -> list[Shift]:
    """Who is on call in a window, as shifts that tile it; those with nobody are gaps.

    The work grows with the shifts in the window, the overrides and the lists of members, never with a rotation's age.
    """
    layers = [pieces(layer, within) for layer in schedule.layers_of(role)]
    overrides = overrides_in(schedule, within, role)
    edges = {edge for held in layers for piece in held for edge in piece[:2]}
    edges |= {edge for one in overrides for edge in (one.start, one.end) if edge > within.start}
    later = sorted(edge for edge in edges if within.start < edge < within.end)
    found: list[Shift] = []
    began: datetime | None = None
    before: tuple[OnCall, ...] = ()
    for start, answered in _answered([within.start, *later], layers, overrides):
        if began is None or answered != before:
            if began is not None:
                found.append(Shift(began, start, role, before))
            began, before = start, answered
    return [*found, Shift(began or within.start, within.end, role, before)]


def on_call(schedule: Schedule, at: datetime, role: str = PRIMARY) -> Shift:
    """Who is on call at an instant, as the shift of one microsecond that begins there."""
    start = at.astimezone(UTC)
    return shifts(schedule, Window(start, start + INSTANT), role)[0]


def standing(schedule: Schedule, at: datetime, role: str = PRIMARY) -> Shift:
    """Who is on call at an instant, as the shift from there to the next change, or of 400 days if none comes."""
    start = at.astimezone(UTC)
    first = on_call(schedule, at, role)
    for length in looks():
        first = shifts(schedule, Window(start, start + length), role)[0]
        if first.end < start + length:
            break
    return first


def gaps(schedule: Schedule, within: Window, role: str = PRIMARY) -> list[Shift]:
    """The shifts of a window that nobody has."""
    return [shift for shift in shifts(schedule, within, role) if shift.is_gap]


def next_on_call(schedule: Schedule, at: datetime, role: str = PRIMARY) -> Shift | None:
    """The first later shift with somebody who is not on call at `at`; None if none begins within 400 days."""
    now = set(on_call(schedule, at, role).people)
    return _first(schedule, at, role, lambda shift: not now.issuperset(shift.people))


def shift_of(schedule: Schedule, person: Person, at: datetime, role: str = PRIMARY) -> Shift | None:
    """The shift that somebody has at `at`, from there on, or their next; None if none begins within 400 days."""
    return _first(schedule, at, role, lambda shift: person in shift.people)


def held_at(schedule: Schedule, at: datetime, role: str) -> list[OnCall | None]:
    """What each layer of a role says of an instant, in the order in which they are asked, before any override."""
    moment = Window(at, at + INSTANT)
    held = [pieces(layer, moment) for layer in schedule.layers_of(role)]
    return [found[0].on_call if found else None for found in held]


def overrides_in(schedule: Schedule, within: Window, role: str) -> list[Override]:
    """The overrides of a role that touch a window, in the order in which they were made."""
    touching = (
        one for one in schedule.overrides if one.role == role and one.start < within.end and one.end > within.start
    )
    return sorted(touching, key=lambda one: (one.number, one.id))


class _Cursor:
    """What one layer says, for instants that never go back."""

    __slots__ = ("_held", "_place")

    def __init__(self, held: list[Piece]) -> None:
        self._held, self._place = held, 0

    def at(self, start: datetime) -> OnCall | None:
        held, place = self._held, self._place
        while place < len(held) and held[place].end <= start:
            place += 1
        self._place = place
        return held[place].on_call if place < len(held) and held[place].start <= start else None


def _answered(
    edges: list[datetime], layers: list[list[Piece]], overrides: list[Override]
) -> Iterator[tuple[datetime, tuple[OnCall, ...]]]:
    """The answer from each edge on. Between two edges no layer and no override begins or ends."""
    cursors = [_Cursor(held) for held in layers]
    changes = {edge for one in overrides for edge in (one.start, one.end)}
    active = [one for one in overrides if one.start <= edges[0]]
    for start in edges:
        if start in changes:
            active = [one for one in overrides if one.start <= start < one.end]
        yield start, answer((cursor.at(start) for cursor in cursors), active)


def _first(schedule: Schedule, at: datetime, role: str, fits: Callable[[Shift], bool]) -> Shift | None:
    """The first shift from `at` on that fits, to its own end."""
    start = at.astimezone(UTC)
    for length in looks():
        for shift in shifts(schedule, Window(start, start + length), role):
            if fits(shift):
                return standing(schedule, shift.start, role)
    return None


def looks() -> Iterator[timedelta]:
    """How far to look, farther each time: most answers are near, and the last look is where it ends."""
    length = FIRST_LOOK
    while length < AHEAD:
        yield length
        length *= 4
    yield AHEAD
