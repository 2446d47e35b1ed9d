"""A schedule decided minute by minute with a notebook: what the closed forms are held against.

The notebook knows the rules of docs/schedules.md and nothing of `oncall.rota` but its nouns. It looks at the wall once a minute and
keeps the highest time shown; it steps from hand-off to hand-off and remembers who had the last turn. Bounds must be whole minutes.
"""

import calendar
from datetime import timedelta
from zoneinfo import ZoneInfo

from oncall.rota.resolve import shifts
from oncall.rota.schedule import Kind, Unit

MINUTE = timedelta(minutes=1)
# the wall may have shown a higher time before the window, up to the longest hour that any zone repeats
WARM_UP = timedelta(hours=3)
STEPS = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1), Unit.WEEKS: timedelta(weeks=1)}


def agree_with_the_notebook(schedule, held, role="primary"):
    """Hold the closed form against the simulation in every minute of a window."""
    found = iter(shifts(schedule, held, role))
    shift = next(found)
    for minute, people in by_minute(schedule, *held, role):
        while shift.end <= minute:
            shift = next(found)
        assert [person.id for person in shift.people] == people, (minute, schedule)


def by_minute(schedule, start, end, role):
    """Yield (minute, ids of who is on call). Rotations that change their members must begin at `start` or later."""
    layers = sorted((one for one in schedule.layers if one.role == role), key=lambda one: (one.order, one.id))
    overrides = sorted((one for one in schedule.overrides if one.role == role), key=lambda one: one.number)
    now = start - WARM_UP
    zones = {one.zone: ZoneInfo(one.zone) for one in layers}
    highest = {name: now.astimezone(zone).replace(tzinfo=None) for name, zone in zones.items()}
    notebooks = [Notebook(one, highest[one.zone]) for one in layers]
    while now < end:
        for name, zone in zones.items():
            shown = now.astimezone(zone).replace(tzinfo=None, fold=0)
            if shown > highest[name]:
                highest[name] = shown
        held = [one.look(now, highest[one.zone]) for one in notebooks]
        if now >= start:
            yield now, decide(held, overrides, now)
        now += MINUTE


def decide(held, overrides, now):
    """Go through the overrides of this minute in the order in which they were made."""
    layers, gone, here = list(held), set(), []

    def ask():
        while layers:
            person = layers.pop(0)
            if person is not None and person not in gone:
                return [person]
        return []

    here = ask()
    for one in overrides:
        if not one.start <= now < one.end:
            continue
        who, whom = one.who and one.who.id, one.whom and one.whom.id
        if one.kind is Kind.REMOVE:
            gone.add(whom)
            if whom in here:
                here.remove(whom)
            if not here:
                here = ask()
            continue
        if one.kind is Kind.ADD:
            if who not in here:
                here.append(who)
        elif whom is None:
            here = [who]
        elif whom in here and whom != who:
            here = (
                [person for person in here if person != whom]
                if who in here
                else [who if person == whom else person for person in here]
            )
    return here


class Notebook:
    """One layer, followed from hand-off to hand-off."""

    def __init__(self, layer, shown):
        self.layer, self.zone = layer, layer.zone
        self.due, self.months, self.turn = layer.start, 0, 0
        self.running, self.holder, self.last, self.order = False, None, None, []
        self.rest_of = None
        self.sudden = [one for one in layer.members if one.at_once and one.since]
        if len(layer.members) == 1 and layer.members[0].since is None:
            while self.due <= shown:  # an old rotation: every turn until now, one by one
                self.hand_over([person.id for person in layer.members[0].people])

    def look(self, now, shown):
        """Who this layer has in this minute."""
        layer, handed = self.layer, False
        while self.due <= shown:
            self.hand_over(self.list_at(now))
            handed = True
        for one in self.sudden:
            if one.since == now and self.running and not handed:
                self.change([person.id for person in one.people])
        if (layer.since and now < layer.since) or (layer.until and now >= layer.until):
            return None
        if layer.restrictions and not any(is_open(one, shown) for one in layer.restrictions):
            return None
        return self.holder

    def list_at(self, now):
        known = [one for one in self.layer.members if one.since is None or one.since <= now]
        latest = max(known, key=lambda one: (one.since is not None, one.since), default=None)
        return [person.id for person in latest.people] if latest else []

    def hand_over(self, people):
        self.holder = following(self.last, self.order, people)
        if self.holder is not None:
            self.last, self.order = self.holder, people
        self.running, self.rest_of = True, None
        lengths = self.layer.rotation.lengths
        self.due = self.later(self.due, lengths[self.turn % len(lengths)])
        self.turn += 1

    def change(self, people):
        """A list takes effect within a turn: who is not in it hands over the rest."""
        if self.holder is not None and self.holder in people:
            return
        person, order = (
            (self.last, self.order) if self.rest_of is None or self.holder is None else (self.holder, self.rest_of)
        )
        self.holder, self.rest_of = following(person, order, people), people

    def later(self, wall, length):
        unit = self.layer.rotation.unit
        if unit is not Unit.MONTHS:
            return wall + length * STEPS[unit]
        self.months += length
        month, year = self.layer.start.month + self.months, self.layer.start.year
        while month > 12:
            month, year = month - 12, year + 1
        last = calendar.monthrange(year, month)[1]
        return self.layer.start.replace(year=year, month=month, day=min(self.layer.start.day, last))


def following(person, order, people):
    """Who comes after somebody, in a list that may not have them any more."""
    if not people:
        return None
    if person in people:
        return (people + people)[people.index(person) + 1]
    if person in order:
        place = order.index(person)
        for other in order[place:] + order[:place]:
            if other in people:
                return other
    return people[0]


def is_open(hours, shown):
    """Whether a wall that shows this lies within a restriction."""
    at, today, yesterday = shown.time(), shown.weekday(), (shown.weekday() - 1) % 7
    if hours.ends > hours.starts:
        return today in hours.days and hours.starts <= at < hours.ends
    return (today in hours.days and at >= hours.starts) or (yesterday in hours.days and at < hours.ends)
