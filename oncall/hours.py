"""Hours on call, planned against what was: for pay, for fairness and for an auditor. docs/schedules.md, "Hours, planned and lived".

What was planned is what had been published when each month began, from the history of the configuration; what was is the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from ledger.cells import csv_line
from oncall.lived import lived_in, spans_of
from oncall.models import Schedule, ScheduleLayer
from oncall.rota import schedule as rota
from oncall.rota.calendar import Window, instant_of, wall_at
from oncall.rota.fairness import BEYOND, Load, Span, fairness, loads
from oncall.rota.lived import Lived
from oncall.rota.resolve import shifts
from oncall.rota.schedule import PRIMARY, Person
from oncall.schedules import planned, planned_as_of

DAY, NOTHING = timedelta(days=1), timedelta(0)
LONGEST = timedelta(days=366)
BESIDE = timedelta(weeks=12)
NOBODY, UNKNOWN = "nobody", "not on record"
COLUMNS = (
    "schedule_id", "schedule", "role", "person_id", "person", "first_day", "last_day", "tz", "planned_hours", "actual_hours",
    "difference_hours", "planned_nights", "actual_nights", "planned_weekends", "actual_weekends",
)  # fmt: skip


@dataclass(frozen=True)
class Hours:
    """What one person carries in a role: as planned, and as it was. person None: time with nobody, or not on record (`what`)."""

    role: str
    person: Person | None
    what: str
    planned: Load | None
    actual: Load | None

    @property
    def planned_length(self) -> timedelta:
        """Time planned."""
        return self.planned.length if self.planned else NOTHING

    @property
    def actual_length(self) -> timedelta:
        """Time on record."""
        return self.actual.length if self.actual else NOTHING

    @property
    def more(self) -> timedelta:
        """How much longer it was than planned; shorter if negative."""
        return self.actual_length - self.planned_length

    @property
    def name(self) -> str:
        """Who, or what kind of time."""
        return self.person.name if self.person else self.what


@dataclass(frozen=True)
class Share:
    """One person's part of a role: in the weeks that were, and in those to come. off: percent from the mean of both."""

    role: str
    person: Person
    was: Load | None
    will: Load | None
    off: int


def days_window(first: date, last: date, zone: str) -> Window:
    """Whole days of a zone, both included. Raises ValueError if they are none, or more than a year."""
    place = ZoneInfo(zone)
    found = Window(*(instant_of(datetime.combine(day, time(0)), place) for day in (first, last + DAY)))
    if not NOTHING < found.end - found.start <= LONGEST + DAY / 24:
        raise ValueError("The last day is not before the first, and they are at most a year apart.")
    return found


def hours_report(schedule: Schedule, within: Window, *, now: datetime) -> list[Hours]:
    """Everybody who was planned or on call in a window, the longest first in each role, and time that nobody had."""
    plans = list(_plans(schedule, within, now))
    roles = list(dict.fromkeys([PRIMARY, *(role for _, plan in plans for role in plan.roles())]))
    found: list[Hours] = []
    for role in roles:
        beyond = lived_in(schedule, Window(within.start, within.end + BEYOND), role, now=now)
        was = {load.person: load for load in loads(spans_of(beyond), within, schedule.zone)}
        spans = [span for piece, plan in plans for span in _spans(plan, piece, within, role)]
        will = {load.person: load for load in loads(spans, within, schedule.zone)}
        found += _rows(role, was, will)
        found += _rests(role, [one for one in beyond if one.start < within.end], within, now)
    return _named(found)


def hours_csv(schedule: Schedule, rows: Iterable[Hours], first: date, last: date) -> Iterator[str]:
    """The report line by line, safe to open in a spreadsheet; hours with two decimals."""
    yield csv_line(COLUMNS)[0]
    for row in rows:
        was, will = row.actual, row.planned
        yield csv_line((
            schedule.public_id, schedule.name, row.role, row.person.id if row.person else None, row.name, first, last,
            schedule.zone, _hours(row.planned_length), _hours(row.actual_length), _hours(row.more),
            will.nights if will else 0, was.nights if was else 0, will.weekends if will else 0, was.weekends if was else 0,
        ))[0]  # fmt: skip


def shares(schedule: Schedule, plan: rota.Schedule, *, now: datetime) -> list[Share]:
    """How evenly a schedule is carried: the last twelve weeks as they were, the next twelve as planned."""
    behind, ahead = Window(now - BESIDE, now), Window(now, now + BESIDE)
    found: list[Share] = []
    for role in plan.roles():
        was = {
            one.person: one for one in loads(spans_of(lived_in(schedule, behind, role, now=now)), behind, schedule.zone)
        }
        will = {one.person: one for one in fairness(plan, ahead, role)}
        people = list(dict.fromkeys([*will, *was]))
        lengths = {person: _length(was.get(person)) + _length(will.get(person)) for person in people}
        mean = sum(lengths.values(), NOTHING) / len(people) if people else NOTHING
        found += [
            Share(role, one, was.get(one), will.get(one), round((lengths[one] / mean - 1) * 100) if mean else 0)
            for one in sorted(people, key=lambda one: (-lengths[one], one.name))
        ]
    return found


def _plans(schedule: Schedule, within: Window, now: datetime) -> Iterator[tuple[Window, rota.Schedule]]:
    """The plan of each month of a window as it was when the month began; of months to come as it is now.

    A schedule that was made within a month counts from its first rotation on.
    """
    first = (
        ScheduleLayer.objects.filter(schedule=schedule)
        .order_by("created_at")
        .values_list("created_at", flat=True)
        .first()
    )
    if first is None:
        return
    zone = ZoneInfo(schedule.zone)
    start = within.start
    while start < within.end:
        day = wall_at(start, zone).date().replace(day=1) + timedelta(days=32)
        end = min(instant_of(datetime.combine(day.replace(day=1), time(0)), zone), within.end)
        published = max(start, first)
        if published >= now:
            yield Window(start, end), planned(schedule, now)
        elif published < end:
            found = next((plan for row, plan in planned_as_of(published) if row.public_id == schedule.public_id), None)
            if found is not None:
                yield Window(published, end), found
        start = end


def _spans(plan: rota.Schedule, piece: Window, within: Window, role: str) -> list[Span]:
    """Who was planned in a piece of the window; the last piece reaches beyond it, for its last night and weekend."""
    end = piece.end + BEYOND if piece.end == within.end else piece.end
    return [Span(one.start, one.end, who) for one in shifts(plan, Window(piece.start, end), role) for who in one.people]


def _rows(role: str, was: dict[Person, Load], will: dict[Person, Load]) -> list[Hours]:
    people = sorted({*was, *will}, key=lambda one: (-_length(was.get(one)), -_length(will.get(one)), one.id))
    return [Hours(role, one, "", will.get(one), was.get(one)) for one in people]


def _rests(role: str, lived: Sequence[Lived], within: Window, now: datetime) -> list[Hours]:
    """Time that nobody had, and time that is not on record though it is over."""
    found = []
    until = min(within.end, now)
    for what, people in ((NOBODY, ()), (UNKNOWN, None)):
        parts = [min(one.end, until) - one.start for one in lived if one.people == people and one.start < until]
        total = sum(parts, NOTHING)
        if total:
            found.append(Hours(role, None, what, None, Load(Person("", what), total, 0, 0)))
    return found


def _named(rows: list[Hours]) -> list[Hours]:
    """With names: what is planned by history knows ids only."""
    ids = {row.person.id for row in rows if row.person}
    names = {user.public_id: user.name for user in User.objects.filter(public_id__in=ids)}
    return [
        Hours(row.role, Person(row.person.id, names.get(row.person.id, row.person.name)), "", row.planned, row.actual)
        if row.person
        else row
        for row in rows
    ]


def _length(load: Load | None) -> timedelta:
    return load.length if load else NOTHING


def _hours(length: timedelta) -> str:
    return f"{length.total_seconds() / 3600:.2f}"
