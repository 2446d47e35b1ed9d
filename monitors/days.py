"""Days of a monitor's life for day bars: how long which state held, the worst one first. Standard library only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Protocol

WORST_FIRST = ("down", "degraded", "unknown", "paused", "up")
WORDS = {"unknown": "unwatched"}


class Span(Protocol):
    """A stretch of one state, `[start, end)`, as `monitors.queries` answers it."""

    @property
    def start(self) -> datetime:
        """Where it begins."""

    @property
    def end(self) -> datetime:
        """Where the next one begins."""

    @property
    def state(self) -> str:
        """The state that held."""


@dataclass
class Day:
    """One calendar day: seconds in each state. A day before the monitor began has none."""

    date: date
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """The worst state of the day; `none` where there is no record of it."""
        return next((state for state in WORST_FIRST if self.seconds.get(state)), "none")

    @property
    def share(self) -> float:
        """How much of what is recorded of the day was in its worst state, 0 to 1."""
        total = sum(self.seconds.values())
        return self.seconds[self.state] / total if total else 0.0

    @property
    def words(self) -> str:
        """`3 March: down 19 min, unwatched 2 min, up 23 h 39 min`."""
        said = [
            f"{WORDS.get(state, state)} {_length(self.seconds[state])}"
            for state in WORST_FIRST
            if self.seconds.get(state)
        ]
        return f"{self.date.day} {self.date:%B}: {', '.join(said) or 'not watched yet'}"


@dataclass(frozen=True)
class Calendar:
    """Days of a zone and the instants that bound them; one bound more than there are days."""

    dates: tuple[date, ...]
    bounds: tuple[datetime, ...]


def calendar(now: datetime, count: int, zone: tzinfo) -> Calendar:
    """The last `count` days of the zone up to and with the day of `now`; days of 23 and 25 hours come out as such."""
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in range(count - 1, -2, -1)]
    # in UTC: subtracting two instants of one zone would count by the wall clock and miss the hour of a change
    bounds = [datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in dates]
    return Calendar(tuple(dates[:-1]), tuple(bounds))


def cut(spans: Iterable[Span], over: Calendar) -> list[Day]:
    """Spans cut at midnights and summed by day, in one walk over both."""
    days = [Day(day) for day in over.dates]
    midnights = over.bounds
    at = 0
    for span in sorted(spans, key=lambda one: one.start):
        while at < len(days) and midnights[at + 1] <= span.start:
            at += 1
        here = at
        while here < len(days) and midnights[here] < span.end:
            seconds = (min(span.end, midnights[here + 1]) - max(span.start, midnights[here])).total_seconds()
            if seconds > 0:
                held = days[here].seconds
                held[span.state] = held.get(span.state, 0.0) + seconds
            here += 1
    return days


def summary(days: Sequence[Day]) -> str:
    """`90 days: 1 with downtime, 3 partly unwatched, 86 up`: what a drawing of them says in words."""
    said = {
        "down": "with downtime",
        "degraded": "degraded",
        "unknown": "partly unwatched",
        "paused": "paused",
        "up": "up",
    }
    said["none"] = "before it was watched"
    states = [day.state for day in days]
    counts = [f"{states.count(state)} {words}" for state, words in said.items() if state in states]
    return f"{len(days)} days: {', '.join(counts)}"


def _length(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)} s"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{minutes} min"
