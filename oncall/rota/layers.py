"""One layer over a window: its turns, cut to the hours in which it counts. docs/schedules.md, "Restrictions"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oncall.rota.calendar import Window, instant_of, wall_at
from oncall.rota.members import Reign, in_order, person_of, reigns, taking_over
from oncall.rota.schedule import Hours, Layer, Members, OnCall, Person, Turn
from oncall.rota.turns import hand_off, turn_at

DAY = timedelta(days=1)


class Piece(NamedTuple):
    """A stretch `[start, end)` in which a layer has somebody."""

    start: datetime
    end: datetime
    on_call: OnCall


def pieces(layer: Layer, within: Window) -> list[Piece]:
    """What a layer says of a window, in order; where it has nobody there is no piece."""
    zone = ZoneInfo(layer.zone)
    cut = life(layer, within, zone)
    if cut is None:
        return []
    held = _held(layer, cut, zone)
    return list(_within(held, open_hours(layer.restrictions, cut, zone)) if layer.restrictions else held)


def life(layer: Layer, within: Window, zone: ZoneInfo) -> Window | None:
    """The part of a window in which a layer is in force: from its first hand-off and `since` to `until`."""
    start = max(within.start, hand_off(layer, 0, zone), layer.since or within.start)
    end = min(within.end, layer.until or within.end)
    return Window(start, end) if start < end else None


def open_hours(restrictions: tuple[Hours, ...], within: Window, zone: ZoneInfo) -> list[Window]:
    """The stretches in which restrictions let a layer count, joined where they touch; not cut to the window."""
    # a day more on either side: a span over midnight began the day before, an hour repeated over midnight shows it again
    day, last = wall_at(within.start, zone).date() - DAY, wall_at(within.end, zone).date() + DAY
    spans: list[Window] = []
    while day <= last:
        spans += [_span(hours, day, zone) for hours in restrictions if day.weekday() in hours.days]
        day += DAY
    spans.sort()
    joined: list[Window] = []
    for span in spans:
        if span.end <= span.start or span.end <= within.start or span.start >= within.end:
            continue
        if joined and span.start <= joined[-1].end:
            if span.end > joined[-1].end:
                joined[-1] = Window(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined


def _span(hours: Hours, day: date, zone: ZoneInfo) -> Window:
    ends_on = day if hours.ends > hours.starts else day + DAY
    start = instant_of(datetime.combine(day, hours.starts), zone)
    return Window(start, instant_of(datetime.combine(ends_on, hours.ends), zone))


def _held(layer: Layer, cut: Window, zone: ZoneInfo) -> Iterator[Piece]:
    """The turns that touch `cut` and have somebody, cut to it."""
    found = reigns(layer, zone)
    sudden = [members for members in in_order(layer) if members.at_once]
    number = turn_at(layer, cut.start, zone)
    start = hand_off(layer, number, zone)
    while start < cut.end:
        end = hand_off(layer, number + 1, zone)
        whole, began, taken_from = Window(start, end), start, None
        for until, holder in _holders(found, number, whole, sudden) if start < end else ():
            piece = Window(max(began, cut.start), min(until, cut.end))
            if holder is not None and piece.start < piece.end:
                yield Piece(*piece, OnCall(holder, _turn(layer, number, whole, taken_from)))
            began, taken_from = until, holder
        number, start = number + 1, end


def _holders(
    found: list[Reign], number: int, whole: Window, sudden: list[Members]
) -> list[tuple[datetime, Person | None]]:
    """Who holds a turn until when: one person, or several where a change of members took effect within it."""
    person = person_of(found, number)
    lists = [members for members in sudden if members.since and whole.start < members.since < whole.end]
    held: list[tuple[datetime, Person | None]] = []
    for members, holder in zip(lists, taking_over(found, number, person, lists), strict=True):
        if holder != person and members.since:
            held.append((members.since, person))
            person = holder
    return [*held, (whole.end, person)]


def _turn(layer: Layer, number: int, whole: Window, taken_from: Person | None) -> Turn:
    start, end = max(whole.start, layer.since or whole.start), min(whole.end, layer.until or whole.end)
    return Turn(layer.id, number + 1, start, end, taken_from)


def _within(held: Iterator[Piece], spans: list[Window]) -> Iterator[Piece]:
    """What of the pieces lies in the spans; both are in order."""
    first = 0
    for piece in held:
        while first < len(spans) and spans[first].end <= piece.start:
            first += 1
        index = first
        while index < len(spans) and spans[index].start < piece.end:
            yield Piece(max(piece.start, spans[index].start), min(piece.end, spans[index].end), piece.on_call)
            index += 1
