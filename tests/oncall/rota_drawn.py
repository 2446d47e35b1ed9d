"""Schedules drawn at random around an instant, whole minutes throughout; a `random.Random` in, a `Schedule` out."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from oncall.rota.schedule import Hours, Kind, Layer, Members, Override, Person, Rotation, Schedule, Unit

PEOPLE = [Person(name, name.upper()) for name in "abcde"]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEAD = timedelta(hours=12)
# how old a rotation may be that is stepped through turn by turn
AGE = {Unit.HOURS: 40, Unit.DAYS: 900, Unit.WEEKS: 4_000, Unit.MONTHS: 9_000}


def a_schedule(random, zone, start, end, near, *, roles=("primary",)):
    """A schedule for `[start, end)`. Times of day crowd around `near`: that is where clocks change."""
    draw = Drawing(random, zone, start, end, near)
    layers = tuple(draw.layer(number, random.choice(roles)) for number in range(random.choice((1, 1, 2, 3))))
    overrides = tuple(draw.override(number, random.choice(roles)) for number in range(random.choice((0, 1, 2, 4))))
    return Schedule("s", "S", zone, layers, overrides)


class Drawing:
    """What is drawn shares a zone, a window and an instant of interest."""

    def __init__(self, random, zone, start, end, near):
        self.random, self.zone, self.start, self.end, self.near = random, zone, start, end, near
        self.shown = near.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)

    def layer(self, number, role):
        unit = self.random.choice((Unit.HOURS, Unit.HOURS, Unit.DAYS, Unit.DAYS, Unit.WEEKS, Unit.MONTHS))
        most = {Unit.HOURS: 14, Unit.DAYS: 3, Unit.WEEKS: 2, Unit.MONTHS: 2}[unit]
        lengths = tuple(self.random.randint(1, most) for _ in range(self.random.choice((1, 1, 2, 3))))
        changing = self.random.random() < 0.6
        begins = self.start + self.random.randint(0, 48) * 15 * MINUTE if changing else self.long_ago(unit)
        return Layer(
            f"l{number}", f"Layer {number}", number, self.zone, Rotation(unit, lengths), self.wall(begins, changing),
            self.members(begins, changing), self.restrictions(),
            since=self.instant() if self.random.random() < 0.15 else None,
            until=self.instant() if self.random.random() < 0.15 else None, role=role,
        )  # fmt: skip

    def long_ago(self, unit):
        return self.start - self.random.randint(1, AGE[unit]) * DAY

    def wall(self, begins, changing):
        """A first hand-off: at `begins`, or on its day at an hour in which clocks change later."""
        wall = begins.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None, fold=0, second=0, microsecond=0)
        if changing:
            return wall + (self.random.randint(0, 59) * MINUTE if self.random.random() < 0.5 else 0 * MINUTE)
        return wall.replace(hour=self.time().hour, minute=self.time().minute)

    def members(self, begins, changing):
        lists = [Members(self.some())]
        times = sorted({begins + self.random.randint(0, 72 * 60) * MINUTE for _ in range(self.random.randint(1, 3))})
        for since in times if changing else ():
            lists.append(Members(self.some(), since, at_once=self.random.random() < 0.5))
        if changing and self.random.random() < 0.2:
            del lists[0]
        return tuple(lists)

    def some(self):
        return tuple(self.random.sample(PEOPLE, self.random.choice((0, 1, 2, 3, 3, 4, 5))))

    def restrictions(self):
        return tuple(self.hours() for _ in range(self.random.choice((0, 0, 1, 2))))

    def hours(self):
        days = frozenset(self.random.sample(range(7), self.random.randint(3, 7)))
        return Hours(self.time(), self.time(), days)

    def time(self):
        """A time of day, mostly within two hours of the one of interest."""
        away = self.random.choice((-120, -60, -45, -30, 0, 0, 15, 30, 45, 60, 90, self.random.randint(-720, 720)))
        return (self.shown + away * MINUTE).time().replace(second=0, microsecond=0)

    def instant(self):
        """An instant in the window, often within three hours of the one of interest."""
        length = int((self.end - self.start) / MINUTE)
        if self.random.random() < 0.5:
            return self.near + self.random.randint(-180, 180) * MINUTE
        return self.start + self.random.randint(0, length) * MINUTE

    def override(self, number, role):
        start, end = sorted((self.instant(), self.instant()))
        who, whom = self.random.sample(PEOPLE, 2)
        kind = self.random.choice(list(Kind))
        if kind is Kind.REPLACE and self.random.random() < 0.4:
            whom = None
        return Override(
            str(number), number, kind, start, end + MINUTE, PEOPLE[0],
            who=None if kind is Kind.REMOVE else who, whom=None if kind is Kind.ADD else whom, role=role,
        )  # fmt: skip
