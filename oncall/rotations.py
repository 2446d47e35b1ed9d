"""The rotations of a schedule as its page lists them: who takes turns, how long, in which hours, and what is planned for later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from oncall.models import LayerMembers, Schedule, ScheduleLayer
from oncall.rota.schedule import Layer, Person
from oncall.rota.turns import hand_off, turn_at
from oncall.schedules import layer_value, people_of


@dataclass(frozen=True)
class Coming:
    """A list of members that does not count yet."""

    row: LayerMembers
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Rotation:
    """A layer that is not over: its value, who takes turns by the list that counts, its next hand-off, lists to come."""

    row: ScheduleLayer
    layer: Layer
    people: tuple[Person, ...]
    next_hand_off: datetime
    coming: list[Coming]
    begun: bool


def rotations_of(schedule: Schedule, *, now: datetime) -> list[Rotation]:
    """Layers that are not over, primary first, in the order in which they are asked."""
    rows = ScheduleLayer.objects.in_force().filter(Q(until__isnull=True) | Q(until__gt=now), schedule=schedule)
    held = list(rows.select_related("schedule").order_by("role", "place", "pk"))
    lists = list(LayerMembers.objects.in_force().filter(layer__in=held).order_by("since", "pk"))
    return [rotation_of(row, [one for one in lists if one.layer_id == row.pk], now=now) for row in held]


def rotation_of(row: ScheduleLayer, lists: list[LayerMembers], *, now: datetime) -> Rotation:
    """One layer with its lists in force."""
    known = people_of(lists)
    layer = layer_value(row, lists, known)
    counting = [one for one in lists if one.since is None or one.since <= now]
    newest = max(counting, key=lambda one: (one.since is not None, one.since or now), default=None)
    return Rotation(
        row,
        layer,
        tuple(known[one] for one in newest.people) if newest else (),
        next_hand_off(layer, now),
        [Coming(one, tuple(known[person] for person in one.people)) for one in lists if one not in counting],
        row.since <= now,
    )


def next_hand_off(layer: Layer, after: datetime) -> datetime:
    """The first hand-off of a layer later than an instant."""
    zone = ZoneInfo(layer.zone)
    turn = max(turn_at(layer, after, zone), -1) + 1
    while (at := hand_off(layer, turn, zone)) <= after:
        turn += 1
    return at
