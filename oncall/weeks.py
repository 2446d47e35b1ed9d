"""Which weeks of a schedule a page shows: whole weeks from a Monday on the wall of its zone. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from oncall.rota.calendar import Window, instant_of, wall_at

ZOOMS = (2, 4, 12)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
YEARS = range(2000, 2200)


@dataclass(frozen=True)
class Weeks:
    """`count` weeks from the Monday `first`, in a zone. this_week: the Monday of now."""

    first: date
    count: int
    zone: str
    this_week: date

    @property
    def within(self) -> Window:
        """From the first instant of the Monday to the last one of a Sunday."""
        zone = ZoneInfo(self.zone)
        starts, ends = (datetime.combine(day, time(0)) for day in (self.first, self.first + self.count * WEEK))
        return Window(instant_of(starts, zone), instant_of(ends, zone))

    @property
    def said(self) -> str:
        """`16 to 29 March 2026`, `30 March to 12 April 2026`."""
        last = self.first + self.count * WEEK - DAY
        year = "" if self.first.year == last.year else f" {self.first.year}"
        month = "" if (self.first.month, year) == (last.month, "") else f" {self.first:%B}"
        return f"{self.first.day}{month}{year} to {last.day} {last:%B} {last.year}"

    @property
    def earlier(self) -> Self:
        """As many weeks before."""
        return self._moved(-self.count)

    @property
    def later(self) -> Self:
        """As many weeks after."""
        return self._moved(self.count)

    @property
    def today(self) -> Self:
        """The same zoom, from this week on."""
        return replace(self, first=self.this_week)

    @property
    def query(self) -> str:
        """What the address of these weeks ends with."""
        return f"?from={self.first.isoformat()}&weeks={self.count}"

    @property
    def zooms(self) -> list[tuple[int, str, bool]]:
        """How many weeks could be shown: the number, its query, and whether it is the one."""
        return [(count, replace(self, count=count).query, count == self.count) for count in ZOOMS]

    def _moved(self, weeks: int) -> Self:
        return replace(self, first=self.first + weeks * WEEK)


def weeks_of(asked: Mapping[str, str], zone: str, now: datetime) -> Weeks:
    """The weeks that `from` (a day) and `weeks` of an address ask for; what cannot be read is this week, and two weeks."""
    this_week = _monday(wall_at(now, ZoneInfo(zone)).date())
    count = next((count for count in ZOOMS if str(count) == asked.get("weeks")), ZOOMS[0])
    return Weeks(_monday(_day(asked.get("from", "")) or this_week), count, zone, this_week)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
