"""What may not be kept: a part of a schedule that cannot be read, or that would surprise. docs/schedules.md, "Limits"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

from oncall.rota.schedule import EVERY_DAY, ROLES, Hours, Kind, Layer, Members, Override, Rotation, Unit

MAX_LAYERS, MAX_PEOPLE, MAX_CYCLE, MAX_HOURS = 20, 100, 31, 28
MOST = {Unit.HOURS: 24 * 7, Unit.DAYS: 366, Unit.WEEKS: 52, Unit.MONTHS: 12}
YEARS = range(2000, 2200)


class ScheduleError(ValueError):
    """A part of a schedule that cannot be kept; `problems` maps a field to its sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(self.problems.values()))


def problems_of_layer(layer: Layer) -> dict[str, str]:
    """A sentence for each field of a layer that cannot be kept; empty if it can."""
    found = {
        "name": "" if layer.name.strip() else "Give the layer a name.",
        "role": "" if layer.role in ROLES else f"A layer is for {' or '.join(ROLES)}.",
        "zone": problems_of_zone(layer.zone),
        "rotation": _rotation(layer.rotation),
        "start": _start(layer.start),
        "members": _members(layer.members),
        "restrictions": _restrictions(layer.restrictions),
        "until": "A layer ends later than it begins." if _ends_first(layer.since, layer.until) else "",
    }
    return {name: said for name, said in found.items() if said}


def problems_of_override(override: Override) -> dict[str, str]:
    """A sentence for each field of an override that cannot be kept; empty if it can."""
    removes = override.kind is Kind.REMOVE
    found = {
        "end": "An override ends later than it starts." if override.end <= override.start else "",
        "role": "" if override.role in ROLES else f"An override is for {' or '.join(ROLES)}.",
        "who": _who(override),
        "whom": "Say who is removed." if removes and override.whom is None else "",
    }
    if override.kind is Kind.ADD and override.whom is not None:
        found["whom"] = "Who is added takes nobody's place."
    return {name: said for name, said in found.items() if said}


def _who(override: Override) -> str:
    if override.kind is Kind.REMOVE:
        return "" if override.who is None else "Who is removed is not replaced; choose replace for that."
    if override.who is None:
        return "Say who comes on call."
    return "Nobody replaces themselves." if override.who == override.whom else ""


def problems_of_zone(name: str) -> str:
    """A sentence if there is no such zone; empty if there is."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return f"There is no time zone {name!r}."
    return ""


def _rotation(rotation: Rotation) -> str:
    most = MOST[rotation.unit]
    if not 1 <= len(rotation.lengths) <= MAX_CYCLE:
        return f"A cycle has 1 to {MAX_CYCLE} turns."
    if any(not 1 <= length <= most for length in rotation.lengths):
        return f"A turn lasts 1 to {most} {rotation.unit}."
    return ""


def _start(start: datetime) -> str:
    if start.tzinfo is not None or start.second or start.microsecond:
        return "The first hand-off is a date and a time to the minute on the layer's wall."
    return "" if start.year in YEARS else f"Choose a year between {YEARS[0]} and {YEARS[-1]}."


def _members(lists: tuple[Members, ...]) -> str:
    if not lists:
        return "Say who takes turns."
    if len({members.since for members in lists}) != len(lists):
        return "Two lists of members cannot count from the same instant, nor two from the first turn."
    for members in lists:
        if len(members.people) > MAX_PEOPLE:
            return f"A rotation has at most {MAX_PEOPLE} members."
        if len(set(members.people)) != len(members.people):
            return "A person stands in a rotation once."
    return ""


def _restrictions(restrictions: tuple[Hours, ...]) -> str:
    if len(restrictions) > MAX_HOURS:
        return f"A layer has at most {MAX_HOURS} restrictions."
    if any(not hours.days or not hours.days <= EVERY_DAY for hours in restrictions):
        return "A restriction names at least one weekday, Monday is 0."
    if any(_has_seconds(moment) for hours in restrictions for moment in (hours.starts, hours.ends)):
        return "A restriction starts and ends on a whole minute."
    return ""


def _has_seconds(moment: time) -> bool:
    return bool(moment.second or moment.microsecond or moment.tzinfo)


def _ends_first(since: datetime | None, until: datetime | None) -> bool:
    return since is not None and until is not None and until <= since
