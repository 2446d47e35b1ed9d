"""Rota: any ten years of a weekly rotation as shifts, and who is on call at one instant.

    python -m bench rota

Five people take weeks in Berlin. The layer counts on working days from 09:00 to 17:00, so ten years are some 5,400 shifts; a
member comes or goes each year, an override is made each month. Windows begin in each of ten years, up to twenty after the
rotation did. Processor time, the median of five rounds each; the slowest window is the figure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from statistics import median

from bench.figures import Figure, at_most
from oncall.rota.calendar import window
from oncall.rota.resolve import on_call, shifts
from oncall.rota.schedule import Hours, Kind, Layer, Members, Override, Person, Rotation, Schedule, Unit

FIRST_YEAR, YEARS = 2016, range(2026, 2036)
PEOPLE = [Person(f"usr_{number}", f"Person {number}") for number in range(8)]
START = datetime(FIRST_YEAR, 1, 4, 9)  # noqa: DTZ001 - a hand-off on the wall
ROUNDS = 5


def run() -> Iterator[Figure]:
    """Yield milliseconds for ten years with one layer and with a second one below it, and for one instant."""
    office = Hours(wall_time(9), wall_time(17), frozenset(range(5)))
    one, two = _schedule(_layer(1, office)), _schedule(_layer(1, office), _layer(2))
    yield at_most("rota", "any 10 years of a weekly rotation", _slowest(one), "ms", 50)
    yield at_most("rota", "the same with a layer below it", _slowest(two), "ms", 50)
    noon = datetime(2035, 6, 1, 12, tzinfo=UTC)
    yield at_most("rota", "who is on call at an instant, two layers", _timed(lambda: on_call(two, noon)), "ms", 2)


def _slowest(schedule: Schedule) -> float:
    windows = [window(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 10, 1, 1, tzinfo=UTC)) for year in YEARS]
    return max(_timed(lambda held=held: shifts(schedule, held)) for held in windows)  # type: ignore[misc]


def _timed(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return 1000 * median(taken)


def _layer(number: int, *restrictions: Hours) -> Layer:
    lists = [Members(tuple(PEOPLE[:5]))]
    for year in range(FIRST_YEAR + 1, YEARS[-1] + 10):
        lists.append(Members(tuple(PEOPLE[year % 4 :][:5]), datetime(year, 3, 5, tzinfo=UTC)))
    rotation = Rotation(Unit.WEEKS, (1,))
    return Layer(f"lay_{number}", "Weekly", number, "Europe/Berlin", rotation, START, tuple(lists), restrictions)


def _schedule(*layers: Layer) -> Schedule:
    months = [(year, month) for year in range(FIRST_YEAR, YEARS[-1] + 10) for month in range(1, 13)]
    overrides = tuple(
        Override(
            f"ovr_{number}", number, Kind.REPLACE, start, start + timedelta(days=3), PEOPLE[0], who=PEOPLE[number % 8]
        )
        for number, start in enumerate((datetime(*month, 10, tzinfo=UTC) for month in months), 1)
    )
    return Schedule("sch_1", "Shop", "Europe/Berlin", layers, overrides)
