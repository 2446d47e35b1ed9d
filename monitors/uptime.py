"""What services and monitors came to: rows for the one availability function, a constant number of queries for any number.

Whoever wants a figure of uptime calls `of_services` or `of_monitors`. What made a service at an instant, its composition
and its primary monitors, is read from history; today's configuration says nothing about last month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any

from django.db.models import Field, Func

from accounts.models import Organisation
from monitors.availability import Adjustment, Figures, Kind, Stretch, Terms, Window, availability
from monitors.believed import stretches
from monitors.composing import EPOCH, Piece, Pieces, ms_of, service_pieces
from monitors.models import Monitor, MonitorState, Service, ServiceSystem, StateInterval
from monitors.models.monitors import PRIMARY
from monitors.periods import midnight


@dataclass(frozen=True)
class Overlays:
    """What lies over the measured states. excluded: planned work that qualifies; maintenance: all planned work."""

    excluded: Sequence[Stretch] = ()
    maintenance: Sequence[Stretch] = ()
    adjusted: Sequence[Adjustment] = ()


NOTHING = Overlays()


@dataclass(frozen=True)
class Subject:
    """A service over all time: its life, and how its monitors made it. Members are primary keys of monitors."""

    life: tuple[datetime, datetime | None]
    terms: tuple[Terms, ...]
    members: frozenset[int]


@dataclass(frozen=True)
class Asked:
    """One question: a service, the windows, and what lies over it. Members of corrections are primary keys of monitors."""

    service: Service
    windows: Sequence[Window]
    overlays: Overlays = NOTHING
    degraded_is_down: bool = False


@dataclass
class _Past:
    """History of one service on its way into terms: those who were always primary, and who changed when."""

    compositions: list[tuple[datetime, str, int]] = field(default_factory=list)
    steady: set[int] = field(default_factory=set)
    moves: list[tuple[datetime, int, bool]] = field(default_factory=list)


def of_services(
    services: Sequence[Service], windows: Sequence[Window], *, now: datetime, degraded_is_down: bool = False
) -> dict[int, list[Figures]]:
    """The figures of services in each window, by primary key, with nothing excluded and nothing corrected."""
    asked = [Asked(service, windows, degraded_is_down=degraded_is_down) for service in services]
    return {ask.service.pk: told for ask, told in zip(asked, figures_of(asked, now=now), strict=True)}


def figures_of(asked: Sequence[Asked], *, now: datetime) -> list[list[Figures]]:
    """The figures of each question, in its order: six queries for any number of services and windows."""
    reach = [window for ask in asked for window in ask.windows]
    if not reach:
        return [[] for _ in asked]
    known = subjects(list({ask.service.pk: ask.service for ask in asked}.values()))
    lives = lives_of({key for one in known.values() for key in one.members}, *_reach(reach), now=now)
    return [
        _figures(known[ask.service.pk], lives, ask.windows, ask.overlays, now, ask.degraded_is_down) for ask in asked
    ]


def of_monitors(
    monitors: Sequence[Monitor],
    windows: Sequence[Window],
    *,
    now: datetime,
    overlays: Mapping[int, Overlays] | None = None,
) -> dict[int, list[Figures]]:
    """The same for single monitors, whose life begins when they were made. By primary key: two queries."""
    if not windows:
        return {monitor.pk: [] for monitor in monitors}
    lives = lives_of({monitor.pk for monitor in monitors}, *_reach(windows), now=now)
    found = {}
    for one in monitors:
        subject = Subject((one.created_at or now, one.retired_at), (), frozenset({one.pk}))
        found[one.pk] = _figures(subject, lives, windows, (overlays or {}).get(one.pk, NOTHING), now, False)
    return found


def pieces_of(services: Sequence[Service], start: datetime, end: datetime, *, now: datetime) -> dict[int, list[Piece]]:
    """The states services went through in `[start, end)`, by primary key; a stretch nobody watched is in no piece."""
    past = _past([service.pk for service in services])
    known = {service.pk: _terms(service, past[service.pk]) for service in services}
    members = {key: frozenset(_everybody(past[key])) for key in known}
    lives = lives_of({one for them in members.values() for one in them}, start, end, now=now)
    return {
        key: service_pieces({one: lives.get(one, Pieces()) for one in members[key]}, terms)
        for key, terms in known.items()
    }


def subjects(services: Sequence[Service]) -> dict[int, Subject]:
    """Life and terms of services, by primary key, from history: four queries."""
    ids = [service.pk for service in services]
    past = _past(ids)
    scopes = _scopes(ids)
    zone = Organisation.current().zone
    return {
        service.pk: Subject(
            _life(service, scopes.get(service.pk, []), zone),
            _terms(service, past[service.pk]),
            frozenset(_everybody(past[service.pk])),
        )
        for service in services
    }


def lives_of(monitor_ids: Iterable[int], start: datetime, end: datetime, *, now: datetime) -> dict[Hashable, Pieces]:
    """The states of monitors that reach into `[start, end)`, whole, by primary key: three queries.

    The open one is believed by the rule of `monitors.believed`, so that what fell silent is unknown at once.
    """
    ids, until = list(monitor_ids), min(end, now)
    rows = StateInterval.objects.filter(started_at__lt=until)
    if len(ids) <= _MOST_NAMED:
        rows = rows.filter(monitor_id__in=ids)
    found: dict[Hashable, Pieces] = {key: Pieces() for key in ids}
    closed = rows.filter(ended_at__gt=start).order_by()
    # whole milliseconds out of the database: making instants of a year of intervals took half of all the time
    for key, began_ms, ended_ms, held in closed.values_list(
        "monitor_id", Milliseconds("started_at"), Milliseconds("ended_at"), "state"
    ):
        if key in found:
            found[key].append((began_ms, ended_ms, held))
    silent = dict(MonitorState.objects.filter(silent_at__isnull=False).values_list("pk", "silent_at"))
    still = rows.filter(ended_at__isnull=True).order_by()
    for key, state, began, covered in still.values_list("monitor_id", "state", "started_at", "covered_until"):
        if key in found:
            told = stretches(state, began, None, covered, silent.get(key), now)
            found[key] += [(ms_of(since), ms_of(then), held) for since, then, held in told if since < then]
    return found


class Milliseconds(Func):
    """An instant in whole milliseconds since the epoch, truncated as `monitors.composing.ms_of` does."""

    arity = 1
    output_field = Field()  # whole numbers come as such; an integer field would look at each of them again
    template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s) * 1000)::bigint"

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Out of the text that SQLite keeps: the seconds without their fraction, which it would round, and three digits."""
        column = "%(expressions)s"
        whole = f"substr({column}, 1, 19)"
        # the second is some thirty percent faster, and older SQLite does not have it
        old = connection.Database.sqlite_version_info < (3, 38)
        seconds = f"CAST(strftime('%%%%s', {whole}) AS INTEGER)" if old else f"unixepoch({whole})"
        return self.as_sql(
            compiler, connection, template=f"({seconds} * 1000 + CAST(substr({column} || '.000', 21, 3) AS INTEGER))"
        )


_MOST_NAMED = 900  # more ids than that are no filter: all rows are read and the rest left out


def _reach(windows: Sequence[Window]) -> tuple[datetime, datetime]:
    return min(window.start for window in windows), max(window.end for window in windows)


def _members(subject: Subject, lives: Mapping[Hashable, Pieces]) -> dict[Hashable, Pieces]:
    return {key: lives.get(key, Pieces()) for key in subject.members}


def _figures(
    subject: Subject,
    lives: Mapping[Hashable, Pieces],
    windows: Sequence[Window],
    over: Overlays,
    now: datetime,
    degraded_is_down: bool,
) -> list[Figures]:
    return availability(
        _members(subject, lives),
        windows,
        life=subject.life,
        now=now,
        terms=subject.terms,
        excluded=over.excluded,
        maintenance=over.maintenance,
        adjusted=over.adjusted,
        degraded_is_down=degraded_is_down,
    )


def _past(service_ids: Sequence[int]) -> dict[int, _Past]:
    """What was configured when: versions of the services, and of every monitor that ever was one of theirs."""
    past: dict[int, _Past] = defaultdict(_Past)
    versions = Service.history.filter(id__in=service_ids).order_by("version")
    for key, at, kind, quorum in versions.values_list("id", "history_date", "composition", "quorum"):
        past[key].compositions.append((at, kind, quorum))
    ever = Monitor.history.filter(service_id__in=service_ids).values("id")
    rows: dict[int, list[tuple[datetime, int, str]]] = defaultdict(list)
    held = Monitor.history.filter(id__in=ever).order_by("id", "version")
    for key, at, service_id, role in held.values_list("id", "history_date", "service_id", "role"):
        rows[key].append((at, service_id, role))
    for key, told in rows.items():
        if len({(service_id, role) for _, service_id, role in told}) == 1:
            if told[0][2] == PRIMARY:
                past[told[0][1]].steady.add(key)
            continue
        _tell_moves(past, key, told)
    return past


def _tell_moves(past: dict[int, _Past], key: int, told: list[tuple[datetime, int, str]]) -> None:
    counted: int | None = None
    for at, service_id, role in told:
        counts = service_id if role == PRIMARY else None
        if counts != counted:
            if counted is not None:
                past[counted].moves.append((at, key, False))
            if counts is not None:
                past[counts].moves.append((at, key, True))
        counted = counts


def _everybody(past: _Past) -> set[int]:
    return past.steady | {key for _, key, _ in past.moves}


def _terms(service: Service, past: _Past) -> tuple[Terms, ...]:
    events: list[tuple[datetime, str, int] | tuple[datetime, int, bool]] = [*past.compositions, *past.moves]
    members, kind, quorum = set(past.steady), Kind(service.composition), service.quorum
    terms: list[Terms] = []
    for event in sorted(events, key=lambda one: one[0]):
        if isinstance(event[1], str):
            kind, quorum = Kind(event[1]), int(event[2])
        elif event[2]:
            members.add(event[1])
        else:
            members.discard(event[1])
        new = Terms(event[0], kind, quorum, frozenset(members))
        if not terms or (new.kind, new.quorum, new.members) != (terms[-1].kind, terms[-1].quorum, terms[-1].members):
            terms.append(new)
    return tuple(terms or [Terms(members=frozenset())])


def _life(
    service: Service, scopes: list[tuple[date | None, date | None]], zone: tzinfo
) -> tuple[datetime, datetime | None]:
    """From the first scope date of its systems, or its own beginning; to its retirement, or when all left scope."""
    entered = [since for since, _ in scopes if since]
    begins = midnight(min(entered), zone) if entered else service.created_at
    left = [until for _, until in scopes if until]
    ends = midnight(max(left), zone) if scopes and len(left) == len(scopes) else None
    if service.retired_at:
        ends = min(ends or service.retired_at, service.retired_at)
    return begins or EPOCH, ends


def _scopes(service_ids: Sequence[int]) -> dict[int, list[tuple[date | None, date | None]]]:
    found: dict[int, list[tuple[date | None, date | None]]] = defaultdict(list)
    links = ServiceSystem.objects.in_force().filter(service_id__in=service_ids)
    for key, since, until in links.values_list("service_id", "system__scope_from", "system__scope_until"):
        found[key].append((since, until))
    return found
