"""The list of monitors: narrowed, grouped, and as a file. Rows are those of `monitors.overview`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from ledger.cells import csv_line, json_object
from monitors.kinds import KINDS
from monitors.overview import STATES, Row

GROUPS = {"": "Not grouped", "service": "Service", "tag": "Tag", "team": "Team", "kind": "Kind"}
COLUMNS = (
    "id", "name", "service", "service_id", "kind", "address", "team", "tags", "role", "state", "since", "paused_at",
    "last_check_at", "last_check_outcome", "last_check_ms", "interval_s", "version", "as_of",
)  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """What a reader narrowed the list to, and how it is grouped: a key of GROUPS."""

    text: str = ""
    service: str = ""
    states: tuple[str, ...] = ()
    tag: str = ""
    kind: str = ""
    by: str = ""

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text or self.service or self.states or self.tag or self.kind)

    @property
    def query(self) -> str:
        """The same as the query of an address."""
        pairs = [("q", self.text), ("service", self.service), ("tag", self.tag), ("kind", self.kind), ("by", self.by)]
        return urlencode([pair for pair in pairs if pair[1]] + [("state", state) for state in self.states])


@dataclass(frozen=True)
class Group:
    """Rows that share something. counts: how many are in each state that occurs, the worst first."""

    name: str
    counts: dict[str, int]
    rows: Sequence[Row]

    @property
    def state(self) -> str:
        """The worst state in it."""
        return next(iter(self.counts), "up")


def narrowed(found: Iterable[Row], wanted: Filter) -> list[Row]:
    """Rows that fit the filter, the worst state first."""
    text = wanted.text.casefold()
    kept = [
        row
        for row in found
        if (not wanted.states or row.state in wanted.states)
        and (not wanted.service or row.monitor.service.public_id == wanted.service)
        and (not wanted.tag or wanted.tag in row.monitor.tags)
        and (not wanted.kind or row.monitor.kind == wanted.kind)
        and (text in row.monitor.name.casefold() or text in row.monitor.address.casefold())
    ]
    return sorted(kept, key=_badness)


def grouped(found: Sequence[Row], by: str) -> list[Group]:
    """The rows as groups, the one with the worst state first, then by name; a monitor is in the group of each of its tags.

    by: a key of GROUPS; "" gives one group without a name.
    """
    held: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        for name in _groups_of(row, by):
            held[name].append(row)
    groups = [Group(name, _seen(rows), rows) for name, rows in held.items()]
    return sorted(groups, key=lambda one: (STATES.index(one.state), one.name.casefold()))


def page_of(groups: Sequence[Group], first: int, most: int) -> list[Group]:
    """The rows from `first` on, at most `most`, with the groups they are in; a group's counts stay those of all of it."""
    every = [(place, row) for place, group in enumerate(groups) for row in group.rows]
    return [
        Group(groups[place].name, groups[place].counts, [row for _, row in pairs])
        for place, pairs in groupby(every[first : first + most], key=lambda pair: pair[0])
    ]


def counts(found: Iterable[Row]) -> dict[str, int]:
    """How many monitors are in each state, all states named."""
    held = dict.fromkeys(STATES, 0)
    for row in found:
        held[row.state] += 1
    return held


def tags_in(found: Iterable[Row]) -> list[str]:
    """Every tag that occurs."""
    return sorted({tag for row in found for tag in row.monitor.tags})


def as_csv(found: Iterable[Row], *, now: datetime) -> Iterator[str]:
    """The rows as CSV, line by line, safe to open in a spreadsheet."""
    yield csv_line(COLUMNS)[0]
    for row in found:
        yield csv_line(_cells(row, now))[0]


def as_json(found: Iterable[Row], *, now: datetime) -> str:
    """The rows as a JSON array of objects."""
    return "[" + ",\n ".join(json_object(COLUMNS, _cells(row, now)) for row in found) + "]\n"


def _cells(row: Row, now: datetime) -> list[Any]:
    monitor, standing = row.monitor, row.standing
    seen = standing if standing is not None and standing.seen_at is not None else None
    return [
        monitor.public_id, monitor.name, monitor.service.name, monitor.service.public_id, monitor.kind, monitor.address,
        monitor.team.name if monitor.team else None, monitor.tags, monitor.role, row.state, row.since, monitor.paused_at,
        seen.seen_at if seen else None, seen.seen_outcome if seen else None, row.answer_ms if seen else None,
        monitor.interval_s, monitor.version, now,
    ]  # fmt: skip


def _badness(row: Row) -> int:
    return STATES.index(row.state)


def _seen(rows: Iterable[Row]) -> dict[str, int]:
    return {state: count for state, count in counts(rows).items() if count}


def _groups_of(row: Row, by: str) -> list[str]:
    monitor = row.monitor
    if by == "service":
        return [monitor.service.name]
    if by == "tag":
        return monitor.tags or ["no tag"]
    if by == "team":
        return [monitor.team.name if monitor.team else "no team"]
    return [KINDS[monitor.kind].label] if by == "kind" else [""]
