"""Absences out of an iCalendar file (RFC 5545) that somebody uploaded: stretches of time, nothing else. Calls nobody.

Read strictly where a file could cost us time, and leniently where calendars differ: what cannot be read is left out and
said. docs/swaps.md, "Absences".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from oncall.repeats import RepeatError, days, read_repeat
from oncall.rota.calendar import Window, instant_of

MOST_BYTES, MOST_EVENTS, MOST_TIMES = 512 * 1024, 5_000, 2_000
SUMMARY_MOST = 200
DAY = timedelta(days=1)
# Longer than anybody is away, or a mistake in the file.
LONGEST = timedelta(days=400)
FIRST_YEAR = 2000
# Days that are looked at to count series out, over all events of a file: about a second.
MOST_DAYS = 500_000


class CalendarError(ValueError):
    """The file cannot be taken; the message is a sentence for who sent it."""


class TooMuch(CalendarError):
    """The whole file is too much, not one event of it."""


@dataclass(frozen=True, order=True)
class Away:
    """One stretch `[start, end)` with what the calendar calls it."""

    start: datetime
    end: datetime
    what: str


@dataclass
class Found:
    """What a file holds: stretches by start, and a sentence for each event that was left out."""

    away: list[Away] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_calendar(data: bytes, zone: ZoneInfo, within: Window) -> Found:
    """The stretches of a file that touch a window. zone: of whole days, and of times without one. Raises CalendarError."""
    events = _events(data)
    moved = [(_uid(one), one["RECURRENCE-ID"].dt) for one in events if _has_day(one, "RECURRENCE-ID")]
    found, seen, budget = Found(), set(), [MOST_DAYS]
    for event in events:
        title = " ".join(str(event.get("SUMMARY", "")).split())[:SUMMARY_MOST]
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        try:
            for start, end in _times(event, zone, within, moved, budget):
                seen.add(Away(start, end, title))
        except TooMuch:
            raise
        except (ValueError, TypeError, OverflowError, KeyError, AttributeError) as error:
            why = str(error) if isinstance(error, CalendarError) else "its times cannot be read"
            found.left_out.append(f"{title or 'An event without a title'}: {why}.")
        if len(seen) > MOST_TIMES:
            raise CalendarError(f"It holds more than {MOST_TIMES} times to come. Export fewer events.")
    found.away = sorted(seen)
    return found


def _events(data: bytes) -> list[Any]:
    if len(data) > MOST_BYTES:
        raise CalendarError(f"It has more than {MOST_BYTES // 1024} KB. Export fewer events.")
    try:
        calendars = Calendar.from_ical(data.decode("utf-8-sig"), multiple=True)
        events = [event for one in calendars if one.name == "VCALENDAR" for event in one.walk("VEVENT")]
        known = any(one.name == "VCALENDAR" for one in calendars)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        known, events = False, []
    if not known:
        raise CalendarError("It is no iCalendar file.")
    if len(events) > MOST_EVENTS:
        raise CalendarError(f"It holds more than {MOST_EVENTS} events. Export fewer.")
    return events


def _times(
    event: Any, zone: ZoneInfo, within: Window, moved: list[tuple[str, date]], budget: list[int]
) -> Iterator[tuple[datetime, datetime]]:
    first, length, own = _first(event, zone)
    if "RRULE" not in event:
        starts = iter((first,))
    else:
        gone = {_wall(at, own) for uid, at in moved if uid == _uid(event)}
        starts = (wall for wall in _repeated(event, first, own, within, length, budget) if wall not in gone)
    for wall in starts:
        start = instant_of(wall, own)
        # a whole day is a day of the wall, whatever its hours; everything else keeps its length
        end = instant_of(wall + length, own) if _whole_days(event) else start + length
        if start < within.end and end > within.start:
            yield start, end


def _first(event: Any, zone: ZoneInfo) -> tuple[datetime, timedelta, ZoneInfo]:
    """The first start on a wall, how long it lasts, and the zone of the wall."""
    begins = event["DTSTART"].dt
    if isinstance(begins, datetime) and begins.tzinfo is not None:
        own = begins.tzinfo if isinstance(begins.tzinfo, ZoneInfo) else ZoneInfo("UTC")
    else:
        own = zone
    start = _wall(begins, own)
    if "DTEND" in event:
        ends = event["DTEND"].dt
        length = (
            _wall(ends, own) - start
            if _whole_days(event)
            else instant_of(_wall(ends, own), own) - instant_of(start, own)
        )
    elif "DURATION" in event:
        length = event["DURATION"].dt
    else:
        length = timedelta(0) if isinstance(begins, datetime) else DAY
    if start.year < FIRST_YEAR:
        raise CalendarError(f"it begins before {FIRST_YEAR}")
    if not timedelta(0) < length <= LONGEST:
        raise CalendarError("it has no length" if length <= timedelta(0) else "it is longer than 400 days")
    return start, length, own


def _repeated(
    event: Any, first: datetime, own: ZoneInfo, within: Window, length: timedelta, budget: list[int]
) -> Iterator[datetime]:
    """The starts of a series on its wall, as far as they touch the window. budget: days that may still be looked at."""
    rules = event["RRULE"]
    if isinstance(rules, list):
        raise CalendarError("it has several rules")
    parts = dict(part.upper().split("=", 1) for part in rules.to_ical().decode().split(";") if part)
    ends = list(rules.get("UNTIL", []))
    try:
        rule = read_repeat(parts, _last_day(ends[0], first, own) if ends else None)
    except RepeatError as error:
        raise CalendarError(str(error)) from None
    left_out = {_wall(one.dt, own) for held in _listed(event.get("EXDATE")) for one in held.dts}
    start, end = (edge.astimezone(own).date() for edge in within)
    for day in days(rule, first.date(), start - length - DAY, end):
        budget[0] -= 1
        if budget[0] < 0:
            raise TooMuch("It repeats too much to be counted out. Export fewer events.")
        if day is not None and (wall := datetime.combine(day, first.time())) not in left_out:
            yield wall


def _last_day(until: date, first: datetime, own: ZoneInfo) -> date:
    """The last day on which a start is not later than the end of the series."""
    if not isinstance(until, datetime):
        return until
    wall = _wall(until, own)
    return wall.date() if first.time() <= wall.time() else wall.date() - DAY


def _wall(at: date | datetime, own: ZoneInfo) -> datetime:
    """What was written, on the wall of a zone; what has a zone of its own is an instant."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001 - a wall has no offset
    shown = at if at.tzinfo is None else at.astimezone(own)
    return shown.replace(tzinfo=None, fold=0, microsecond=0)


def _whole_days(event: Any) -> bool:
    return not isinstance(event["DTSTART"].dt, datetime)


def _has_day(event: Any, name: str) -> bool:
    return isinstance(getattr(event.get(name), "dt", None), date)


def _uid(event: Any) -> str:
    return str(event.get("UID", ""))


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
