"""What a status page shows, gathered once for the page and its JSON: a constant number of queries, and no write.

Whatever is not named here does not leave the house: names of monitors and services, addresses, titles and
numbers of incidents and people stay inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from monitors.days import Calendar, Day, calendar, cut
from monitors.maintenance import covering
from monitors.maintenance_rules import PLANNED
from monitors.service_life import service_lives
from monitors.states import State
from monitors.together import Stretch
from statuspage import wording
from statuspage.models import Component, StatusPage, StatusUpdate
from statuspage.queries import components_of, told_lately, with_intros
from statuspage.states import RESOLVED, UNKNOWN, UP, seen, shown

DAYS, PAST_DAYS = 90, 14
WORK_AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class ShownComponent:
    """A component now and over the last days. since: when the measured state began; None if people told the state."""

    id: str
    name: str
    heading: str
    state: str
    since: datetime | None
    days: list[Day]

    @property
    def cells(self) -> list[tuple[str, float, str]]:
        """The days as config.draw takes them."""
        return [(day.state, day.share, wording.day_words(day)) for day in self.days]

    @property
    def label(self) -> str:
        """The drawing in words."""
        return f"{self.name}, {wording.days_words(self.days)}"

    @property
    def faults(self) -> str:
        """What was not well, in words; "" for nothing."""
        return wording.faults_words(self.days)


@dataclass(frozen=True)
class ShownIncident:
    """An incident as customers read it: its newest title and status, and its updates, newest first."""

    id: str
    title: str
    status: str
    began_at: datetime
    updates: list[StatusUpdate]
    affected: list[tuple[ShownComponent, str]]

    @property
    def is_open(self) -> bool:
        """Whether customers have not been told that it is over."""
        return self.status != RESOLVED

    @property
    def affected_names(self) -> list[str]:
        """The names of what it affects."""
        return [component.name for component, _ in self.affected]

    @property
    def resolved_at(self) -> datetime | None:
        """When customers were told it ended; None while it is open."""
        return None if self.is_open else self.updates[0].occurred_at


@dataclass(frozen=True)
class ShownWork:
    """Planned work that is approved: from when to when, and what it concerns. What was measured stands beside it."""

    start: datetime
    end: datetime
    components: list[ShownComponent]
    in_progress: bool

    @property
    def names(self) -> list[str]:
        """The names of what it concerns."""
        return [one.name for one in self.components]


@dataclass(frozen=True)
class Shown:
    """The whole page. at: the minute it is from."""

    page: StatusPage
    at: datetime
    state: str
    headline: str
    beside: str
    components: list[ShownComponent]
    open: list[ShownIncident]
    past: list[ShownIncident]
    work: list[ShownWork] = field(default_factory=list)

    @property
    def groups(self) -> list[tuple[str, list[ShownComponent]]]:
        """Components under their headings, in the order of the page."""
        return [(heading, list(held)) for heading, held in groupby(self.components, key=lambda one: one.heading)]

    @property
    def fault_days(self) -> list[tuple[str, str]]:
        """(name of the component, words of the day) for every day on which something was not well, newest first."""
        return [
            (one.name, wording.day_words(day))
            for one in self.components
            for day in reversed(one.days)
            if set(day.seconds) - {UP}
        ]


def gather(page: StatusPage, *, now: datetime) -> Shown:
    """Everything a page shows at `now`."""
    with_intros([page])
    # bars and the time on the page move once a minute, so that a page on which nothing happened is the same to a cache
    at = now.replace(second=0, microsecond=0)
    rows = [one for one in components_of([page]) if not one.is_hidden]
    incidents = _incidents(told_lately(page, now=now, days=PAST_DAYS))
    open_ones = [one for one in incidents if one.is_open]
    components = _components(rows, open_ones, page=page, at=at, now=now)
    named = {one.id: one for one in components}
    whole = [replace(one, affected=_affected(one, named)) for one in incidents]
    titles, states = [one.title for one in open_ones], [(one.name, one.state) for one in components]
    state, headline = wording.headline(titles, states)
    return Shown(
        page=page,
        at=at,
        state=state,
        headline=headline,
        beside=wording.beside(titles, states),
        components=components,
        open=[one for one in whole if one.is_open],
        past=[one for one in whole if not one.is_open],
        work=_work(rows, named, now=at),
    )


def _work(rows: Sequence[Component], named: dict[str, ShownComponent], *, now: datetime) -> list[ShownWork]:
    """Approved maintenance of what the page shows, in progress or within WORK_AHEAD. Its name stays inside."""
    of = {row.service.public_id: row.public_id for row in rows}
    found = []
    for one in covering(of, now=now, within=WORK_AHEAD):
        if one.state != PLANNED:
            about = [named[of[public_id]] for public_id in one.span.covered if public_id in of]
            found.append(ShownWork(one.start, one.end, about, one.in_progress))
    return found


def _components(
    rows: Sequence[Component], incidents: Iterable[ShownIncident], *, page: StatusPage, at: datetime, now: datetime
) -> list[ShownComponent]:
    over = calendar(at, DAYS, page.zone)
    lives = service_lives([row.service_id for row in rows], over.bounds[0], now=now)
    told: dict[str, list[str]] = {}
    for incident in incidents:
        for public_id, impact in incident.updates[0].affected.items():
            told.setdefault(public_id, []).append(impact)
    return [_component(row, lives.get(row.service_id, []), told.get(row.public_id, []), over, at) for row in rows]


def _component(row: Component, life: list[Stretch], told: list[str], over: Calendar, at: datetime) -> ShownComponent:
    last = life[-1] if life else None
    measured = seen(last.state) if last else UNKNOWN
    state = shown(measured, told)
    return ShownComponent(
        id=row.public_id,
        name=row.name,
        heading=row.heading,
        state=state,
        since=last.start if last and state == measured else None,
        days=cut([_told(one, at) for one in life if one.start < at], over),
    )


def _told(one: Stretch, at: datetime) -> Stretch:
    """A stretch in the state customers are told, up to the minute of the page."""
    return replace(one, state=State(seen(one.state)), end=min(one.end, at))


def _incidents(updates: Sequence[StatusUpdate]) -> list[ShownIncident]:
    """Updates, newest first, as incidents: the one customers heard of last comes first."""
    stories: dict[int, list[StatusUpdate]] = {}
    for update in updates:
        stories.setdefault(update.incident_id, []).append(update)
    return [_incident(story) for story in stories.values()]


def _incident(story: list[StatusUpdate]) -> ShownIncident:
    newest, first = story[0], story[-1]
    began = min(first.incident.opened_at, first.occurred_at)
    return ShownIncident(newest.story, newest.title, newest.status, began, story, [])  # type: ignore[attr-defined]


def _affected(incident: ShownIncident, named: dict[str, ShownComponent]) -> list[tuple[ShownComponent, str]]:
    """Components that any of its updates named and that the page shows, with the newest impact told of each."""
    told: dict[str, str] = {}
    for update in reversed(incident.updates):
        told |= update.affected
    return [(named[public_id], impact) for public_id, impact in told.items() if public_id in named]
