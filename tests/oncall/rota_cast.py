"""A cast and plain builders for schedules: Ana, Ben, Cid and Dan, weekly on Monday at 09:00 in Berlin unless said otherwise."""

from datetime import UTC, datetime

from oncall.rota.calendar import window
from oncall.rota.resolve import on_call, shifts
from oncall.rota.schedule import PRIMARY, Kind, Layer, Members, Override, Person, Rotation, Schedule, Unit

ANA, BEN, CID, DAN = (Person(name.lower(), name) for name in ("Ana", "Ben", "Cid", "Dan"))
BERLIN = "Europe/Berlin"
WEEKLY, DAILY, MONTHLY = Rotation(Unit.WEEKS, (1,)), Rotation(Unit.DAYS, (1,)), Rotation(Unit.MONTHS, (1,))


def wall(*parts):
    """A time on a wall: without a zone."""
    return datetime(*parts)  # noqa: DTZ001


MONDAY = wall(2026, 1, 5, 9)


def utc(*parts):
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)


def layer(*people, name="Weekly", order=1, zone=BERLIN, rotation=WEEKLY, start=MONDAY, role=PRIMARY, **more):
    """A layer; `people` are its members from the start, unless `members` are given."""
    lists = more.pop("members", (Members(people),))
    return Layer(f"{role}-{order}", name, order, zone, rotation, start, lists, role=role, **more)


def override(number, kind, start, end, *, by=BEN, **more):
    """An override; its id is its number."""
    return Override(str(number), number, Kind(kind), start, end, by, **more)


def schedule(*layers, overrides=(), zone=BERLIN):
    """A schedule of these layers."""
    return Schedule("sch", "Shop", zone, layers, tuple(overrides))


def told(found):
    """Shifts as `(start, end, names)` in UTC, for a test to read."""
    return [(f"{one.start:%m-%d %H:%M}", f"{one.end:%m-%d %H:%M}", names(one)) for one in found]


def names(shift):
    """`Ana`, `Ana+Ben`, or `-` for nobody."""
    return "+".join(person.name for person in shift.people) or "-"


def during(planned, start, end, role=PRIMARY):
    """The shifts of a schedule between two instants, told."""
    return told(shifts(planned, window(start, end), role))


def who(planned, *parts, role=PRIMARY):
    """Who is on call at an instant in UTC."""
    return names(on_call(planned, utc(*parts), role))
