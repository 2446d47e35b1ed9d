"""An edit of a rotation before it is made: what has to change for it, and the schedule as it would be. docs/schedules.md, "Drafts".

Whoever is on call at the instant of effect stays, unless they are not in the list any more: order and turns go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from oncall.rota.members import in_order, person_of, reigns
from oncall.rota.schedule import Hours, Layer, Members, Person, Rotation, Schedule
from oncall.rota.turns import hand_off, turn_at, turn_on_wall, wall_of_turn

DRAFT = "draft"


class Effect(StrEnum):
    """When an edit takes effect."""

    NOW = "now"
    HAND_OFF = "hand_off"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a rotation is to be. start: one of its hand-offs, on the wall of `zone`; the others follow from it."""

    name: str
    order: int
    people: tuple[Person, ...]
    rotation: Rotation
    start: datetime
    zone: str
    restrictions: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to a layer at the instant `at`: other names or hours for it, another list, or another layer after it.

    named, hours: whether these change in the layer itself. members: a list to be set. successor: what follows it, from `at` on.
    """

    layer: str
    wish: Wish
    at: datetime
    named: bool = False
    hours: bool = False
    members: Members | None = None
    successor: Layer | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether all is as it was."""
        return not (self.named or self.hours or self.members or self.successor)


def decide(layer: Layer, wish: Wish, effect: Effect, at: datetime, now: datetime) -> Edit:
    """What makes a layer what it is to be. at: now, the next hand-off, or the date, as `effect` says.

    Another rhythm, zone or, later than now, other hours are another layer: those of one that runs never change.
    """
    hours = set(wish.restrictions) != set(layer.restrictions)
    if not same_rhythm(layer, wish) or (hours and effect is not Effect.NOW):
        following = successor(layer, wish, max(at, layer.since or at))
        return Edit(layer.id, wish, following.since or at, successor=following)
    named = (wish.name, wish.order) != (layer.name, layer.order)
    members = None
    if wish.people != counting(layer, now):
        since = at if effect is Effect.DATE else now
        members = Members(wish.people, since, effect is Effect.NOW)
    return Edit(layer.id, wish, at, named, hours, members)


def drafted(schedule: Schedule, edit: Edit) -> Schedule:
    """The schedule as it would be."""
    layers = [_edited(one, edit) if one.id == edit.layer else one for one in schedule.layers]
    layers = [one for one in layers if one.until is None or one.since is None or one.since < one.until]
    if edit.successor:
        layers.append(edit.successor)
    return replace(schedule, layers=tuple(layers))


def added(schedule: Schedule, layer: Layer) -> Schedule:
    """The schedule with one more layer."""
    return replace(schedule, layers=(*schedule.layers, layer))


def ended(schedule: Schedule, layer: str, at: datetime) -> Schedule:
    """The schedule with a layer that ends at an instant; one that has not begun by then is gone."""
    kept = (one for one in schedule.layers if one.id != layer or one.since is None or one.since < at)
    return replace(schedule, layers=tuple(replace(one, until=at) if one.id == layer else one for one in kept))


def counting(layer: Layer, now: datetime) -> tuple[Person, ...]:
    """Who takes turns by the list that was set last and counts already; nobody if none does."""
    lists = [one for one in in_order(layer) if one.since is None or one.since <= now]
    return lists[-1].people if lists else ()


def same_rhythm(layer: Layer, wish: Wish) -> bool:
    """Whether turns would hand over at the same times: same lengths and zone, and a hand-off that the layer has too."""
    if (layer.rotation, layer.zone) != (wish.rotation, wish.zone):
        return False
    turn = turn_on_wall(layer.rotation, layer.start, wish.start)
    return wall_of_turn(layer.rotation, layer.start, turn) == wish.start and turn % len(layer.rotation.lengths) == 0


def successor(layer: Layer, wish: Wish, at: datetime) -> Layer:
    """The layer that follows another from `at` on, or from its own first hand-off if that is later.

    Whoever would have the turn at that instant has it in the new layer too, or else the next of the old order who is in the new
    list. Without that any edit would begin again with the first of the list.
    """
    start = layer.start if same_rhythm(layer, wish) else wish.start
    made = replace(
        layer, id=DRAFT, name=wish.name, order=wish.order, zone=wish.zone, rotation=wish.rotation, start=start,
        restrictions=wish.restrictions,
    )  # fmt: skip
    zone = ZoneInfo(wish.zone)
    since = max(at, hand_off(made, 0, zone))
    people = _turned(wish.people, _first_of(layer, wish.people, since), turn_at(made, since, zone))
    return replace(made, members=(Members(people),), since=since)


def _edited(layer: Layer, edit: Edit) -> Layer:
    if edit.successor:
        ends = edit.at if layer.until is None else min(edit.at, layer.until)
        return replace(layer, until=ends)
    members = (*layer.members, edit.members) if edit.members else layer.members
    restrictions = edit.wish.restrictions if edit.hours else layer.restrictions
    return replace(layer, name=edit.wish.name, order=edit.wish.order, restrictions=restrictions, members=members)


def _first_of(layer: Layer, people: Sequence[Person], at: datetime) -> int:
    """The place in a new list of who is to have the turn at an instant."""
    zone = ZoneInfo(layer.zone)
    found, turn = reigns(layer, zone), max(turn_at(layer, at, zone), 0)
    for number in range(turn, turn + len(counting(layer, at)) + 1):
        person = person_of(found, number)
        if person is not None and person in people:
            return list(people).index(person)
    return 0


def _turned(people: tuple[Person, ...], first: int, turn: int) -> tuple[Person, ...]:
    """A list turned so that turn `turn`, counted from 0, goes to the person at `first`."""
    if not people:
        return ()
    shift = (first - turn) % len(people)
    return people[shift:] + people[:shift]
