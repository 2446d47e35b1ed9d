"""Whose turn a turn is, when the list of members changes over time. docs/schedules.md, "Members come and go".

The order goes on behind the person who had the last turn. Nothing here counts turns one by one: the work grows with the
number of lists, not with the age of the rotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from oncall.rota.schedule import Layer, Members, Person
from oncall.rota.turns import first_turn_from

ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reign:
    """A list in force from the turn `first` on (counted from 0), which goes to the person at `offset`."""

    first: int
    people: tuple[Person, ...]
    offset: int

    def place_of(self, turn: int) -> int:
        """The place in the list of the person who has a turn."""
        return (turn - self.first + self.offset) % len(self.people)


def reigns(layer: Layer, zone: ZoneInfo) -> list[Reign]:
    """The lists in order. One that is replaced before its first hand-off never has a turn: the next begins with the same."""
    found: list[Reign] = []
    for members in in_order(layer):
        first = 0 if members.since is None else first_turn_from(layer, members.since, zone)
        found.append(Reign(first, members.people, _place_after(found, first - 1, members.people)))
    return found


def person_of(found: Sequence[Reign], turn: int) -> Person | None:
    """Who has a turn; None before the first list and under an empty one."""
    reign = next((one for one in reversed(found) if one.first <= turn), None)
    return reign.people[reign.place_of(turn)] if reign and reign.people else None


def taking_over(
    found: Sequence[Reign], turn: int, holder: Person | None, lists: Sequence[Members]
) -> list[Person | None]:
    """Who holds the rest of a turn after each of the `lists` that took effect at once within it.

    Who is still a member keeps the turn. Else it goes to whom the next turn would go, and nobody's later turn moves.
    """
    after: list[Person | None] = []
    order: tuple[Person, ...] = ()
    for members in lists:
        if holder is None or holder not in members.people:
            place = (
                _next_place(order, order.index(holder), members.people)
                if holder in order
                else _place_after(found, turn, members.people)
            )
            holder, order = (members.people[place] if members.people else None), members.people
        after.append(holder)
    return after


def in_order(layer: Layer) -> list[Members]:
    """The lists of a layer by when they begin to count."""
    return sorted(layer.members, key=lambda members: members.since or ALWAYS)


def _place_after(found: Sequence[Reign], turn: int, people: tuple[Person, ...]) -> int:
    """The place in a new list that follows whoever had a turn up to `turn`; the first if nobody had."""
    for reign in reversed(found):
        if reign.first <= turn and reign.people:
            return _next_place(reign.people, reign.place_of(turn), people)
        turn = min(turn, reign.first - 1)
    return 0


def _next_place(order: tuple[Person, ...], place: int, people: tuple[Person, ...]) -> int:
    """Behind the person at `place` if they are still there, else at the next of the old order who is."""
    if order[place] in people:
        return (people.index(order[place]) + 1) % len(people)
    following = order[place + 1 :] + order[:place]
    return next((people.index(person) for person in following if person in people), 0)
