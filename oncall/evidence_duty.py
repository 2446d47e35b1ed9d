"""The schedules of a pack: how they were configured, who was planned, who was on call, and when nobody was."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from accounts.evidence import as_of_words, public_ids, with_threads
from accounts.models import Team, User
from ledger.evidence import threaded, version_threads
from ledger.tables import Row, Scope, Table
from ledger.tracked import as_of
from oncall.escalation.targets import split
from oncall.lived import on_duty_then
from oncall.models import LayerMembers, OnCallCorrection, OnCallInterval, Override, Page, Run, Schedule, ScheduleLayer
from oncall.rota.calendar import Window
from oncall.rota.resolve import shifts
from oncall.rota.schedule import OnCall, Shift
from oncall.rota.schedule import Schedule as Planned
from oncall.schedules import planned_as_of
from oncall.subject import EXERCISE

SCHEDULES = ("as_of", "schedule_id", "version", "name", "team_id", "tz", "retired_at")
LAYERS = (
    "as_of", "layer_id", "version", "schedule_id", "name", "role", "place", "tz", "unit", "lengths", "first_hand_off",
    "restrictions", "counts_from", "counts_until", "retired_at",
)  # fmt: skip
MEMBERS = ("as_of", "list_id", "version", "layer_id", "counts_from", "at_once", "turn_order", "user_id", "retired_at")
OVERRIDES = (
    "override_id", "version", "schedule_id", "number", "role", "kind", "start_at", "end_at", "user_id", "instead_of_user_id",
    "override_by", "created_at", "retired_at",
)  # fmt: skip
PLANNED = (
    "as_of", "schedule_id", "version", "role", "layer_id", "turn", "user_id", "start_at", "end_at", "tz", "local_start",
    "local_end", "kind", "override_id",
)  # fmt: skip
ACTUAL = (
    "shift_id", "schedule_id", "schedule_version", "role", "user_id", "start_at", "end_at", "source", "layer_id", "turn",
    "override_id", "override_by", "why_sha256", "pages", "pages_confirmed", "recorded_at", "closed_at",
)  # fmt: skip
GAPS = (
    "gap_id", "schedule_id", "schedule_version", "role", "start_at", "end_at", "duration_s", "cause", "runs_begun", "recorded_at",
    "closed_at",
)  # fmt: skip
CORRECTIONS = (
    "correction_id", "schedule_id", "role", "start_at", "end_at", "user_ids", "shift_ids", "standing", "reason_sha256",
    "requested_by", "requested_at", "decided_by", "decided_at", "approved_alone", "decision_sha256",
)  # fmt: skip
# pages that somebody got because they were on call, or were asked to help
COUNTED = ("step", "responder")


Wanted = Collection[str] | None  # public ids of schedules; None means every one


def duty_tables(scope: Scope, wanted: Wanted = None) -> list[Table]:
    """Schedules as they were, and their shifts in the scope: as planned, as lived, and those that nobody had."""
    return [
        _schedules(scope, wanted),
        _layers(scope, wanted),
        _members(scope, wanted),
        _overrides(scope, wanted),
        _planned(scope, wanted),
        _actual(scope, wanted),
        _gaps(scope, wanted),
        _corrections(scope, wanted),
    ]


def duty_people(scope: Scope, wanted: Collection[str]) -> set[str]:
    """Public ids of everybody whom those tables name."""
    told = {person for row in _lists_then(scope, wanted) for person in row.people}
    told |= {_id(row.person) for row in _recorded(scope, wanted)}
    told |= {_id(who) for o in _touching(scope, wanted) for who in (o.who, o.whom, o.made_by)}
    for one in _corrected(scope, wanted):
        told |= {*one.people, _id(one.requested_by), _id(one.decided_by)}
    planned = (shift for published, until in _months(scope) for _, plan in _plans(published, wanted)
               for role in plan.roles() for shift in shifts(plan, Window(published, until), role))  # fmt: skip
    told |= {one.person.id for shift in planned for one in shift.on_call}
    return {person for person in told if person}


def _schedules(scope: Scope, wanted: Wanted) -> Table:
    def rows() -> Iterator[Row]:
        held = _schedules_then(scope, wanted)
        teams = public_ids(Team, [row.team_id for row in held])
        cells = [
            (scope.as_of, s.public_id, s.version, s.name, teams.get(s.team_id), s.zone, s.retired_at) for s in held
        ]
        return with_threads(Schedule, held, cells)

    words = as_of_words("On-call schedules")
    return Table("02_config/schedules_as_of", SCHEDULES, rows, "schedules_as_of", words, scope.at)


def _schedules_then(scope: Scope, wanted: Wanted) -> list[Any]:
    return [row for row in as_of(Schedule, scope.as_of) if wanted is None or row.public_id in wanted]


def _layers_then(scope: Scope, wanted: Wanted) -> list[Any]:
    keys = {row.id for row in _schedules_then(scope, wanted)}
    return [row for row in as_of(ScheduleLayer, scope.as_of) if row.schedule_id in keys]


def _lists_then(scope: Scope, wanted: Wanted) -> list[Any]:
    keys = {row.id for row in _layers_then(scope, wanted)}
    return [row for row in as_of(LayerMembers, scope.as_of) if row.layer_id in keys]


def _layers(scope: Scope, wanted: Wanted) -> Table:
    def rows() -> Iterator[Row]:
        held = _layers_then(scope, wanted)
        schedules = public_ids(Schedule, [row.schedule_id for row in held])
        cells = [
            (
                scope.as_of, y.public_id, y.version, schedules.get(y.schedule_id), y.name, y.role, y.place, y.zone, y.unit,
                y.lengths, y.starts, y.restrictions, y.since, y.until, y.retired_at,
            )
            for y in held
        ]  # fmt: skip
        return with_threads(ScheduleLayer, held, cells)

    words = as_of_words("Rotations of those schedules; first_hand_off is on the wall of tz,")
    return Table("02_config/schedule_layers_as_of", LAYERS, rows, "schedule_layers_as_of", words, scope.at)


def _members(scope: Scope, wanted: Wanted) -> Table:
    def rows() -> Iterator[Row]:
        held = _lists_then(scope, wanted)
        layers = public_ids(ScheduleLayer, [row.layer_id for row in held])
        pairs = [
            (one, (
                scope.as_of, one.public_id, one.version, layers.get(one.layer_id), one.since, one.at_once, number, person,
                one.retired_at,
            ))
            for one in held for number, person in enumerate(one.people or [None], 1)
        ]  # fmt: skip
        return with_threads(LayerMembers, [one for one, _ in pairs], [cells for _, cells in pairs])

    words = as_of_words(
        "Who takes turns in those rotations, one row a list and person, a row without one for an empty list,"
    )
    return Table("02_config/schedule_members_as_of", MEMBERS, rows, "schedule_members_as_of", words, scope.at)


def _overrides(scope: Scope, wanted: Wanted) -> Table:
    def rows() -> Iterator[Row]:
        held = list(_touching(scope, wanted))
        known = version_threads("override", {row.public_id: row.version for row in held})
        for o in held:
            yield (
                o.public_id, o.version, o.schedule.public_id, o.number, o.role, o.kind, o.start_at, o.end_at, _id(o.who),
                _id(o.whom), _id(o.made_by), o.created_at, o.retired_at, *known.get(o.public_id, (None, None)),
            )  # fmt: skip

    words = "Overrides that touch the window, those that were taken back before they began too, in the order in which they were made."
    return Table("07_oncall/overrides", OVERRIDES, rows, "overrides", words, scope.window)


def _planned(scope: Scope, wanted: Wanted) -> Table:
    def rows() -> Iterator[Row]:
        for published, until in _months(scope):
            held = _plans(published, wanted)
            lines = version_threads("schedule", {row.public_id: row.version for row, _ in held})
            for row, plan in held:
                for role in plan.roles():
                    for shift in shifts(plan, Window(published, until), role):
                        for one in shift.on_call or (None,):
                            cells = _planned_cells(published, row, shift, one)
                            yield (*cells, *lines.get(row.public_id, (None, None)))

    words = (
        "The shifts of each month as they were planned when it began (as_of), before any of them did; of the first month "
        "when the window began. From configuration history. The lines are those of the schedule's version."
    )
    return Table("07_oncall/schedule_as_planned", PLANNED, rows, "schedule_as_planned", words, scope.window)


def _plans(instant: datetime, wanted: Wanted) -> list[tuple[Any, Planned]]:
    return [(row, plan) for row, plan in planned_as_of(instant) if wanted is None or row.public_id in wanted]


def _planned_cells(published: datetime, row: Any, shift: Shift, one: OnCall | None) -> tuple[Any, ...]:
    zone = ZoneInfo(row.zone)
    turn, override = (one.turn, one.override) if one else (None, None)
    return (
        published, row.public_id, row.version, shift.role, turn.layer if turn else None, turn.number if turn else None,
        one.person.id if one else None, shift.start, shift.end, row.zone, shift.start.astimezone(zone).isoformat(),
        shift.end.astimezone(zone).isoformat(), "override" if override else "rotation" if one else "nobody",
        override.id if override else None,
    )  # fmt: skip


def _actual(scope: Scope, wanted: Wanted) -> Table:
    def rows() -> Iterator[Row]:
        held = list(_recorded(scope, wanted).exclude(person=None))
        paged = _paged(scope)
        cells = (
            (
                r.public_id, r.schedule.public_id, r.schedule_version, r.role, _id(r.person), r.started_at, r.ended_at,
                r.source, _id(r.layer), r.turn, _id(r.override), _id(r.override.made_by) if r.override else None,
                r.why_sha256, *_within(paged, r, scope), r.recorded_at, r.closed_at,
            )
            for r in held
        )  # fmt: skip
        return threaded(cells, "oncallinterval", [r.public_id for r in held])

    words = (
        "Who was on call, as it was recorded when it began and when it ended; an empty end: it goes on. "
        "pages: planned to that person then, within the window. why_sha256 names the reason that was given."
    )
    return Table("07_oncall/oncall_actual", ACTUAL, rows, "oncall_actual", words, scope.window)


def _gaps(scope: Scope, wanted: Wanted) -> Table:
    def rows() -> Iterator[Row]:
        held = list(_recorded(scope, wanted).filter(person=None))
        begun = _begun(scope)
        cells = (
            (
                r.public_id, r.schedule.public_id, r.schedule_version, r.role, r.started_at, r.ended_at,
                int((min(r.ended_at or scope.end, scope.end) - max(r.started_at, scope.start)).total_seconds()), r.cause,
                _between(begun[r.schedule.public_id], r.started_at, r.ended_at or scope.end), r.recorded_at, r.closed_at,
            )
            for r in held
        )  # fmt: skip
        return threaded(cells, "oncallinterval", [r.public_id for r in held])

    words = (
        "Time in which nobody was on call in a role, as it was recorded. duration_s: within the window. "
        "runs_begun: escalations that began meanwhile under a policy that names the schedule."
    )
    return Table("07_oncall/oncall_gaps", GAPS, rows, "oncall_gaps", words, scope.window)


def _corrections(scope: Scope, wanted: Wanted) -> Table:
    def rows() -> Iterator[Row]:
        held = list(_corrected(scope, wanted))
        cells = (
            (
                c.public_id, c.schedule.public_id, c.role, c.start_at, c.end_at, c.people, c.intervals, c.standing,
                c.reason_sha256, _id(c.requested_by), c.requested_at, _id(c.decided_by), c.decided_at, c.approved_alone,
                c.decision_sha256,
            )
            for c in held
        )  # fmt: skip
        return threaded(cells, "oncallcorrection", [c.public_id for c in held])

    words = (
        "Corrections of who was on call in the window, refused ones too. An approved one lies over shift_ids, whose rows "
        "stand as they were recorded; no user_ids: nobody."
    )
    return Table("07_oncall/oncall_corrections", CORRECTIONS, rows, "oncall_corrections", words, scope.window)


def _recorded(scope: Scope, wanted: Wanted) -> QuerySet[OnCallInterval]:
    rows = on_duty_then(scope.start, scope.end, wanted)
    return rows.select_related("schedule", "person", "layer", "override__made_by")


def _touching(scope: Scope, wanted: Wanted) -> QuerySet[Override]:
    rows = _of(wanted, Override.objects.filter(start_at__lt=scope.end, end_at__gt=scope.start))
    return rows.select_related("schedule", "who", "whom", "made_by").order_by("schedule_id", "number")


def _corrected(scope: Scope, wanted: Wanted) -> QuerySet[OnCallCorrection]:
    rows = _of(wanted, OnCallCorrection.objects.filter(start_at__lt=scope.end, end_at__gt=scope.start))
    return rows.select_related("schedule", "requested_by", "decided_by").order_by("pk")


def _of(wanted: Wanted, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows if wanted is None else rows.filter(schedule__public_id__in=wanted)


def _months(scope: Scope) -> Iterator[tuple[datetime, datetime]]:
    """The months of a window in UTC, cut to it."""
    start = scope.start
    while start < scope.end:
        following = (start.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(
            day=1
        )
        yield start, min(following, scope.end)
        start = following


def _paged(scope: Scope) -> dict[int, list[tuple[datetime, bool]]]:
    """(planned, confirmed) of the pages of each person in the window, in order."""
    found: dict[int, list[tuple[datetime, bool]]] = defaultdict(list)
    rows = Page.objects.filter(planned_at__gte=scope.start, planned_at__lt=scope.end, origin__in=COUNTED)
    rows = rows.exclude(run__subject_kind=EXERCISE)
    for person, planned_at, confirmed in rows.order_by("planned_at").values_list(
        "person_id", "planned_at", "confirmed_at"
    ):
        found[person].append((planned_at, confirmed is not None))
    return found


def _within(paged: dict[int, list[tuple[datetime, bool]]], row: OnCallInterval, scope: Scope) -> tuple[int, int]:
    """How many pages went to the person of an interval within it, and how many of them were confirmed."""
    mine = paged.get(row.person_id or 0, [])
    first = bisect_left(mine, (row.started_at, False))
    last = bisect_left(mine, (row.ended_at or scope.end, False))
    return last - first, sum(confirmed for _, confirmed in mine[first:last])


def _begun(scope: Scope) -> dict[str, list[datetime]]:
    """When escalations of the window began, in order, by each schedule that their frozen policies name."""
    found: dict[str, list[datetime]] = defaultdict(list)
    runs = Run.objects.filter(started_at__gte=scope.start, started_at__lt=scope.end).order_by("started_at")
    runs = runs.exclude(subject_kind=EXERCISE)
    for started_at, frozen in runs.values_list("started_at", "policy_frozen").iterator(chunk_size=400):
        for schedule in {split(target)[0] for step in frozen.get("steps", ()) for target in step["people"]}:
            found[schedule].append(started_at)
    return found


def _between(instants: list[datetime], start: datetime, end: datetime) -> int:
    """How many instants, which are in order, are in `[start, end)`."""
    return bisect_left(instants, end) - bisect_left(instants, start)


def _id(thing: User | ScheduleLayer | Override | None) -> str | None:
    return thing.public_id if thing else None
