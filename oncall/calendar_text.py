"""Shifts as an iCalendar file (RFC 5545). Times are instants in UTC, so that no reader has to know our zones or their clocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

PRODUCT = "-//Watchbook//On-call//EN"
# how often a reader may come again; what several of them read is written in two ways
REFRESH = timedelta(hours=1)


@dataclass(frozen=True)
class Entry:
    """One entry of a calendar: `[start, end)`, with the name under which readers know it again."""

    uid: str
    start: datetime
    end: datetime
    summary: str
    description: str
    revised_at: datetime


def calendar_text(name: str, zone: str, entries: Iterable[Entry]) -> bytes:
    """The file. zone: the one in which a reader may show it. The same entries make the same bytes."""
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("x-wr-calname", name)
    made.add("x-wr-timezone", zone)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for entry in entries:
        made.add_component(_event(entry))
    return made.to_ical()


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.revised_at.replace(microsecond=0))
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("status", "CONFIRMED")
    # being on call is not being busy: nobody's meetings are refused for it
    event.add("transp", "TRANSPARENT")
    return event
