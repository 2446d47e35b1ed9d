"""Who is on call, person by person: the entries of a calendar. docs/schedules.md, "In your own calendar".

A shift says who is on call together; a stretch says how long one person is, for one reason. They say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from oncall.rota.calendar import Window
from oncall.rota.resolve import looks, shifts
from oncall.rota.schedule import PRIMARY, OnCall, Person, Schedule


class Stretch(NamedTuple):
    """One person on call in `[start, end)` for one reason. source: `lay_…#12`, `ovr_…`, both, or a correction."""

    role: str
    person: Person
    start: datetime
    end: datetime
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is a part of: two that touch and share it are one."""
        return self.role, self.person.id, self.source


def stretches(schedule: Schedule, within: Window, role: str = PRIMARY) -> list[Stretch]:
    """The stretches of a role that touch a window: cut to its start, and whole where they begin in it and end after it."""
    pieces = (
        Stretch(role, one.person, shift.start, shift.end, source_of(one))
        for shift in shifts(schedule, within, role)
        for one in shift.on_call
    )
    return [_whole(schedule, one, within.end) if one.end == within.end else one for one in joined(pieces)]


def joined(pieces: Iterable[Stretch]) -> list[Stretch]:
    """Pieces in the order of their starts, those that touch and share their key made one; sorted by start."""
    found: dict[tuple[str, str, str], list[Stretch]] = {}
    for piece in pieces:
        held = found.setdefault(piece.key, [])
        if held and held[-1].end == piece.start:
            held[-1] = held[-1]._replace(end=piece.end)
        else:
            held.append(piece)
    return sorted((one for held in found.values() for one in held), key=lambda one: (one.start, one.role, one.source))


def source_of(one: OnCall) -> str:
    """What puts somebody on call, in the same words for a plan and for the record."""
    turn = f"{one.turn.layer}#{one.turn.number}" if one.turn else ""
    return source(turn, one.override.id if one.override else "")


def source(turn: str, override: str) -> str:
    """A turn, an override, or an override of a turn."""
    return " ".join(part for part in (turn, override) if part)


def uid(schedule: str, one: Stretch) -> str:
    """The name of an entry in calendars: the same each time it is asked for, whatever its end becomes."""
    told = "\n".join((schedule, *one.key, one.start.isoformat()))
    return f"{sha256(told.encode()).hexdigest()[:32]}-{schedule}@watchbook"


def _whole(schedule: Schedule, one: Stretch, at: datetime) -> Stretch:
    """A stretch that goes on at `at`, to its own end; cut 400 days later if it has none by then."""
    end = at
    for length in looks():
        end = at
        for shift in shifts(schedule, Window(at, at + length), one.role):
            if all((one.role, held.person.id, source_of(held)) != one.key for held in shift.on_call):
                return one._replace(end=end)
            end = shift.end
    return one._replace(end=end)
