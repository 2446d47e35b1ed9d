"""The lines of a timeline as a page shows them: newest first, two clocks, a symbol, a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import Incident, TimelineEntry
from incidents.queries import story_of
from incidents.story import Line, sentence
from oncall.queries import people_by_id

LATE = timedelta(minutes=1)
SAME = timedelta(seconds=1)
SYMBOLS = {
    "opened": ("m-down", "is-down"),
    "declared": ("i-person", ""),
    "paging": ("i-act", ""),
    "alert_joined": ("m-down", "is-down"),
    "alert_closed": ("m-up", "is-up"),
    "reopened": ("m-down", "is-down"),
    "acknowledged": ("m-confirmed", ""),
    "acknowledged_too": ("m-confirmed", ""),
    "resolved": ("m-met", "is-up"),
    "recovered": ("m-up", "is-up"),
    "stood_down": ("i-act", ""),
    "escalated": ("i-act", ""),
    "person_added": ("i-person", ""),
    "note": ("i-note", ""),
}
RECORDED = {"note": "typed", "opened": "confirmed", "alert_joined": "confirmed", "recovered": "confirmed"}
PEOPLE_KEYS = ("spared", "people", "added")


@dataclass(frozen=True)
class LogLine:
    """What components/entry.html draws."""

    anchor: str
    happened_at: datetime
    recorded_at: datetime
    symbol: str
    css: str
    said: str
    quote: str
    recorded_word: str
    who: str = ""

    @property
    def same(self) -> bool:
        """Whether one clock is enough to say."""
        return abs(self.recorded_at - self.happened_at) < SAME

    @property
    def late(self) -> bool:
        """Whether the clocks differ by more than a minute, which a reader must not miss."""
        return self.recorded_at - self.happened_at > LATE


def log_of(incident: Incident) -> list[LogLine]:
    """The whole story, newest first; three queries for any number of lines."""
    entries = story_of(incident)
    people = people_by_id({who for entry in entries for who in _people_in(entry)})
    names = {public_id: str(person) for public_id, person in people.items()}
    return [_line(entry, names) for entry in reversed(entries)]


def _people_in(entry: TimelineEntry) -> Iterable[str]:
    for key in PEOPLE_KEYS:
        found = entry.data.get(key, [])
        yield from [found] if isinstance(found, str) else found


def _line(entry: TimelineEntry, names: dict[str, str]) -> LogLine:
    who = str(entry.person) if entry.person else "Watchbook"
    symbol, css = SYMBOLS.get(entry.kind, ("i-act", ""))
    return LogLine(
        anchor=entry.public_id,
        happened_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        symbol=symbol,
        css=css,
        said=sentence(Line(entry.kind, who=who, how=entry.how, data=entry.data, names=names)),
        quote=getattr(entry, "text", ""),
        recorded_word=RECORDED.get(entry.kind, "recorded"),
        who=f"ledger line {entry.entry.seq:,}" if entry.entry.seq else "",
    )
