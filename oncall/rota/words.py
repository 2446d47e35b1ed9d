"""Why somebody is on call, and why nobody is, as sentences. docs/schedules.md, "Reasons"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from oncall.rota.calendar import INSTANT, Window
from oncall.rota.layers import life
from oncall.rota.members import person_of, reigns
from oncall.rota.resolve import held_at, on_call, overrides_in
from oncall.rota.schedule import PRIMARY, Kind, Layer, OnCall, Override, Person, Schedule, Shift
from oncall.rota.turns import hand_off, turn_at


class Cause(StrEnum):
    """Why nobody is on call."""

    NO_LAYER = "no_layer"
    NOT_BEGUN = "not_begun"
    OVER = "over"
    NO_MEMBERS = "no_members"
    OUTSIDE_HOURS = "outside_hours"
    OVERRIDDEN = "overridden"


WHY_ABSENT = {
    Cause.NOT_BEGUN: "has not begun",
    Cause.OVER: "is over",
    Cause.NO_MEMBERS: "has no members",
    Cause.OUTSIDE_HOURS: "is outside its hours",
}


def reason(schedule: Schedule, at: datetime, role: str = PRIMARY) -> str:
    """Why those who are on call at an instant are, or why nobody is. It asks the same function as everybody.

    `Ana because override #41 by Ben replaces layer 1 (Weekly), where it is Cid's turn`.
    """
    return "; ".join(reasons(schedule, on_call(schedule, at, role)))


def reasons(schedule: Schedule, shift: Shift) -> list[str]:
    """A sentence for each person of a shift, in their order, as of its start; one for nobody."""
    if shift.is_gap:
        return [f"Nobody: {_passed(schedule, shift, None) or f'there is no layer for {shift.role}'}"]
    return [f"{one.person.name} because {_because(schedule, shift, one)}" for one in shift.on_call]


def cause_of(schedule: Schedule, shift: Shift) -> Cause:
    """Why nobody has a shift, as a code: what holds of the layer that is asked last."""
    held, layers = held_at(schedule, shift.start, shift.role), schedule.layers_of(shift.role)
    if not layers:
        return Cause.NO_LAYER
    return Cause.OVERRIDDEN if held[-1] else _absent(layers[-1], shift.start)


def moment(at: datetime, zone: ZoneInfo, year: int | None = None) -> str:
    """An instant on the wall of a zone, `Mon 12 Jan 09:00`; with the year if it is another than `year`.

    An hour that comes twice says so the second time.
    """
    wall = at.astimezone(zone)
    told = "" if year == wall.year else f" {wall.year}"
    return f"{wall:%a} {wall.day} {wall:%b}{told} {wall:%H:%M}{' (the second time)' if wall.fold else ''}"


def names(people: Iterable[Person]) -> str:
    """`Ana`, `Ana and Ben`, `Ana, Ben and Cid`, `nobody`."""
    *others, last = [person.name for person in people] or ["nobody"]
    return f"{', '.join(others)} and {last}" if others else last


def title(layers: list[Layer], layer: Layer) -> str:
    """`layer 1 (Weekly)`: its place among the layers of its role, and its name."""
    return f"layer {layers.index(layer) + 1} ({layer.name})"


def _because(schedule: Schedule, shift: Shift, one: OnCall) -> str:
    layers = schedule.layers_of(shift.role)
    of_turn = next((layer for layer in layers if one.turn and layer.id == one.turn.layer), None)
    if one.override:
        return _by_override(one, one.override, title(layers, of_turn) if of_turn else "")
    if of_turn is None or one.turn is None:
        return "the schedule says so"
    zone = ZoneInfo(schedule.zone)
    bounds = f"{moment(one.turn.start, zone)} to {moment(one.turn.end, zone)}"
    said = f"it is turn {one.turn.number} of {title(layers, of_turn)}, {bounds}"
    if one.turn.taken_from:
        said = f"{said}, taken over when {one.turn.taken_from.name} left"
    passed = _passed(schedule, shift, of_turn)
    return f"{said}; {passed}" if passed else said


def _by_override(one: OnCall, override: Override, layer: str) -> str:
    made = f"override #{override.number} by {override.by.name}"
    if override.swap:
        made = f"{made} for swap {override.swap}"
    if override.kind is Kind.ADD:
        return f"{made} adds them"
    if not one.instead_of:
        return f"{made} fills a gap"
    if override.whom is None and layer:
        return f"{made} replaces {layer}, where it is the turn of {names(one.instead_of)}"
    return f"{made} replaces {names(one.instead_of)}" + (f" in {layer}" if layer else "")


def _passed(schedule: Schedule, shift: Shift, answering: Layer | None) -> str:
    """Why the layers above the one that answers, or all of them, do not."""
    layers = schedule.layers_of(shift.role)
    above = layers[: layers.index(answering)] if answering else layers
    said = []
    for layer, held in zip(above, held_at(schedule, shift.start, shift.role), strict=False):
        cause = _removed(schedule, shift, held.person) if held else WHY_ABSENT[_absent(layer, shift.start)]
        said.append(f"{title(layers, layer)} {cause}")
    return ", ".join(said)


def _removed(schedule: Schedule, shift: Shift, person: Person) -> str:
    """Which override took a layer's person out: the last one that removed them, else the last that replaced all."""
    active = [
        one
        for one in overrides_in(schedule, Window(shift.start, shift.start + INSTANT), shift.role)
        if (one.kind is Kind.REMOVE and one.whom == person) or (one.kind is Kind.REPLACE and one.whom in (None, person))
    ]
    by = max(active, key=lambda one: (one.kind is Kind.REMOVE, one.number))
    verb = "removes" if by.kind is Kind.REMOVE else "replaces"
    return f"has nobody because override #{by.number} by {by.by.name} {verb} {person.name}"


def _absent(layer: Layer, at: datetime) -> Cause:
    """Why a layer has nobody at an instant, overrides aside."""
    zone = ZoneInfo(layer.zone)
    if at < max(hand_off(layer, 0, zone), layer.since or at):
        return Cause.NOT_BEGUN
    if life(layer, Window(at, at + INSTANT), zone) is None:
        return Cause.OVER
    if person_of(reigns(layer, zone), turn_at(layer, at, zone)) is None:
        return Cause.NO_MEMBERS
    return Cause.OUTSIDE_HOURS
