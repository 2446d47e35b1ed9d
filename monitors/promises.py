"""Whether services answered as fast as was promised: checks of their primary monitors, counted against a limit. Reads only.

Rules in docs/availability.md, "How fast it answers". Packs know how many of their samples were good and the slowest of
them, so a pack is opened only where some were slower than the limit, or where a span begins or ends within its hour.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from monitors.availability import Verdict, Window
from monitors.composing import EPOCH, Kind, Stretch, Terms, in_ms, instant_of, length, merged, ms_of, within, without
from monitors.continuity import Place, places_until, versions_until
from monitors.expected import Version, during, expected_slots
from monitors.kinds import HEARTBEAT
from monitors.latency import Answered, together
from monitors.models import Monitor, Service
from monitors.packs import HOUR_MS, decode, good_totals
from monitors.samples import hour_start, packed_until, packs_between, rows_between
from monitors.uptime import Subject, subjects

TENTH_US = 100
Ms = tuple[int, int]


class Watching(NamedTuple):
    """A monitor that is asked for answers, and from when to when it lived."""

    public_id: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Promise:
    """What was promised of a service in a window. excluded: planned work that qualifies, whose checks count in nothing."""

    service: Service
    window: Window
    limit_ms: int
    share_ppm: int
    excluded: Sequence[Stretch] = ()


@dataclass(frozen=True)
class Member:
    """What one primary monitor came to, by its public id."""

    monitor: str
    answered: Answered
    verdict: Verdict


@dataclass(frozen=True)
class Kept:
    """Whether a promise was kept: by the service, and by each of its monitors, the slowest first."""

    limit_ms: int
    share_ppm: int
    verdict: Verdict
    members: tuple[Member, ...]

    @property
    def slowest(self) -> Answered:
        """The figures of the monitor that kept it least; nothing without one."""
        return self.members[0].answered if self.members else Answered(0, 0, 0)


@dataclass
class _Tally:
    """One monitor under one promise, on its way. spans: when its checks count, in milliseconds, in order, apart."""

    spans: list[Ms]
    limit_us: int
    starts: list[int] = field(default_factory=list)
    fast: int = 0
    slow: int = 0

    def __post_init__(self) -> None:
        self.starts = [start for start, _ in self.spans]

    def holds(self, at: int) -> bool:
        """Whether a check at this instant counts."""
        index = bisect_right(self.starts, at) - 1
        return index >= 0 and at < self.spans[index][1]

    def holds_all(self, start: int, end: int) -> bool | None:
        """Whether every check of `[start, end)` counts; None if only some of them may."""
        index = bisect_right(self.starts, start) - 1
        if index >= 0 and end <= self.spans[index][1]:
            return True
        before = index >= 0 and start < self.spans[index][1]
        after = index + 1 < len(self.spans) and self.starts[index + 1] < end
        return None if before or after else False

    def add(self, good: bool, us: int) -> None:
        """Count one check."""
        fast = good and us <= self.limit_us
        self.fast, self.slow = self.fast + fast, self.slow + (not fast)


def kept(promises: Sequence[Promise], *, now: datetime) -> list[Kept]:
    """Whether each promise was kept, in their order: a constant number of queries for any number of them."""
    if not promises:
        return []
    known = subjects(list({one.service.pk: one.service for one in promises}.values()))
    monitors = _monitors(known.values())
    until = min(max(one.window.end for one in promises), now)
    timetable = _Timetable(monitors, until)
    tallies = [_tallies(one, known[one.service.pk], monitors, now) for one in promises]
    _count([tally for of in tallies for tally in of.items()])
    return [
        _kept(one, known[one.service.pk], of, monitors, timetable, now)
        for one, of in zip(promises, tallies, strict=True)
    ]


class _Timetable:
    """What each monitor's settings and places were when: three queries."""

    def __init__(self, monitors: Mapping[int, Watching], until: datetime) -> None:
        chosen = {one.public_id: pk for pk, one in monitors.items()}
        # a pause is no excuse: its checks are expected here, and never ran
        self.versions: dict[int, list[Version]] = {
            chosen[public_id]: [replace(one, idle=False) for one in versions]
            for public_id, versions in versions_until(until, chosen).items()
        }
        self.places: dict[int, list[Place]] = places_until(until)
        self.public_ids = {pk: public_id for public_id, pk in chosen.items()}

    def expected(self, pk: int, spans: Iterable[Ms], blind_ms: int) -> int:
        """Checks of a monitor that belong into these spans, and those of a time in which the service had no monitor."""
        versions = self.versions.get(pk, [])
        if not versions:
            return 0
        places = self.places.get(pk) or [(None, None)]
        of = [during(versions, *place) for place in places]
        slots = sum(
            expected_slots(self.public_ids[pk], one, instant_of(start), instant_of(end))
            for start, end in spans
            for one in of
        )
        return slots + blind_ms // (versions[0].interval_s * 1000)


def _monitors(known: Iterable[Subject]) -> dict[int, Watching]:
    """The monitors that answer, by primary key; a heartbeat is asked nothing."""
    ids = {key for one in known for key in one.members}
    rows = Monitor.objects.filter(pk__in=ids).exclude(kind=HEARTBEAT)
    told = rows.values_list("pk", "public_id", "created_at", "retired_at")
    return {pk: Watching(public_id, since, until) for pk, public_id, since, until in told}


def _tallies(promise: Promise, subject: Subject, monitors: Mapping[int, Watching], now: datetime) -> dict[int, _Tally]:
    """When the checks of each monitor count under a promise; a monitor that did not live then is left out."""
    counted = _counted(promise, subject, now)
    found = {}
    for pk in sorted(subject.members & monitors.keys()):
        one = monitors[pk]
        lived = within(_membership(pk, subject.terms), ms_of(one.since or EPOCH), _end(one.until, now))
        spans = [cut for start, end in counted for cut in within(lived, start, end)]
        if spans:
            found[pk] = _Tally(spans, promise.limit_ms * 1000)
    return found


def _counted(promise: Promise, subject: Subject, now: datetime) -> list[Ms]:
    """The life of the service in the window, as far as it is over, without what is excluded."""
    start = max(ms_of(promise.window.start), ms_of(subject.life[0]))
    end = min(ms_of(promise.window.end), _end(subject.life[1], now))
    return without(within(merged(in_ms(promise.excluded)), start, end), start, end) if start < end else []


def _membership(pk: int, terms: Sequence[Terms]) -> list[Ms]:
    """When a monitor was one of those that count; the first terms hold for all time before them too."""
    spans = []
    for index, one in enumerate(terms):
        start = ms_of(one.since) if index and one.since else 0
        after = terms[index + 1].since if index + 1 < len(terms) else None
        if one.members is None or pk in one.members:
            spans.append((start, ms_of(after) if after else _FOREVER))
    return merged(spans)


def _count(tallies: Sequence[tuple[int, _Tally]]) -> None:
    """Read the checks once and count each where it belongs."""
    if not tallies:
        return
    by_monitor: dict[int, list[_Tally]] = defaultdict(list)
    for pk, tally in tallies:
        by_monitor[pk].append(tally)
    start = instant_of(min(tally.starts[0] for _, tally in tallies))
    end = instant_of(max(tally.spans[-1][1] for _, tally in tallies))
    first_row = packed_until()
    packs = packs_between(list(by_monitor), start, end, first_row)
    columns = packs.values_list("monitor_id", "hour", "good", "failed", "slowest", "body")
    for pk, hour, good, failed, slowest, body in columns.iterator(chunk_size=500):
        for tally in by_monitor[pk]:
            _count_pack(tally, hour, good, failed, slowest, bytes(body))
    for pk, _, seen in rows_between(list(by_monitor), max(start, hour_start(first_row)), end):
        if not seen.retry and seen.outcome in ("ok", "failed"):
            at = ms_of(seen.planned_at)
            for tally in by_monitor[pk]:
                if tally.holds(at):
                    tally.add(seen.outcome == "ok", seen.total_us)


def _count_pack(tally: _Tally, hour: int, good: int, failed: int, slowest: int, body: bytes) -> None:
    begins = hour * HOUR_MS
    whole = tally.holds_all(begins, begins + HOUR_MS)
    if whole is False:
        return
    if whole is None:
        for one in decode(body):
            if not one.retry and one.outcome in ("ok", "failed") and tally.holds(begins + one.offset_ms):
                tally.add(one.outcome == "ok", one.total * TENTH_US)
        return
    over = 0
    if slowest * TENTH_US > tally.limit_us:
        over = sum(total * TENTH_US > tally.limit_us for total in good_totals(body))
    tally.fast, tally.slow = tally.fast + good - over, tally.slow + failed + over


def _kept(
    promise: Promise,
    subject: Subject,
    tallies: Mapping[int, _Tally],
    monitors: Mapping[int, Watching],
    timetable: _Timetable,
    now: datetime,
) -> Kept:
    lived = merged([span for tally in tallies.values() for span in tally.spans])
    blind_ms = length(_counted(promise, subject, now)) - length(lived)
    running = now < promise.window.end
    members = []
    for pk, tally in tallies.items():
        missing = timetable.expected(pk, tally.spans, blind_ms) - tally.fast - tally.slow
        answered = Answered(tally.fast, tally.slow, max(missing, 0))
        verdict = Verdict.IN_PROGRESS if running else answered.verdict(promise.share_ppm)
        members.append(Member(monitors[pk].public_id, answered, verdict))
    members.sort(key=lambda one: (one.answered.low or 0, one.monitor))
    verdict = together([one.verdict for one in members], _need(subject, promise, len(members)))
    return Kept(promise.limit_ms, promise.share_ppm, Verdict.IN_PROGRESS if running else verdict, tuple(members))


def _need(subject: Subject, promise: Promise, members: int) -> int:
    """How many monitors must keep it, by the composition in force at the window's end."""
    terms = subject.terms[0]
    for one in subject.terms:
        if one.since is not None and one.since < promise.window.end:
            terms = one
    return {Kind.ALL: members, Kind.ANY: 1, Kind.QUORUM: max(1, terms.quorum)}[terms.kind]


def _end(moment: datetime | None, now: datetime) -> int:
    return ms_of(min(moment, now) if moment else now)


_FOREVER = ms_of(EPOCH.replace(year=9999))
