"""Every way in which clocks change anywhere between 2024 and 2036, minute by minute, against a notebook.

Zones that share their history of offsets are one case. For each change of each history three schedules are drawn that
crowd around it, and 48 hours on either side are compared in steps of a minute: some fourteen million of them.
"""

import random
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from oncall.rota.calendar import window
from tests.oncall.rota_by_minute import agree_with_the_notebook
from tests.oncall.rota_drawn import DAY, MINUTE, a_schedule

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
EACH = 3
PARTS = 12  # each well under the time that one test may take


@cache
def changes():
    """(a zone for the history, the instant) of every change; histories without one have an instant in the middle."""
    histories = {}
    for name in sorted(zoneinfo.available_timezones()):
        histories.setdefault(history(zoneinfo.ZoneInfo(name)), name)
    return [
        (name, at)
        for (_, turns), name in sorted(histories.items(), key=lambda item: item[1])
        for at, _ in turns or ((FIRST + (LAST - FIRST) / 2, None),)
    ]


def history(zone):
    """The first offset of a zone and each change of it: (instant, offset)."""
    at, offset, turns = FIRST, offset_at(FIRST, zone), []
    first = offset
    while at < LAST:
        following = at + DAY
        if offset_at(following, zone) != offset:
            low, high = at, following
            while high - low > MINUTE:
                middle = low + (high - low) // MINUTE // 2 * MINUTE
                low, high = (middle, high) if offset_at(middle, zone) == offset else (low, middle)
            offset = offset_at(following, zone)
            turns.append((high, offset))
        at = following
    return first, tuple(turns)


def offset_at(at, zone):
    return at.astimezone(zone).utcoffset()


def test_the_histories_are_those_of_the_world():
    """Zones with a change of an hour, half an hour and two, and those without any."""
    named = {zone for zone, _ in changes()}
    assert len(named) > 60
    assert len(changes()) > 700
    sizes = {
        abs(offset_at(at, zoneinfo.ZoneInfo(zone)) - offset_at(at - MINUTE, zoneinfo.ZoneInfo(zone)))
        for zone, at in changes()
    }
    assert {timedelta(0), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)} <= sizes


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_around_every_change_of_clocks_a_schedule_is_what_a_notebook_says(part):
    for number, (zone, at) in enumerate([one for one in changes() for _ in range(EACH)]):
        if number % PARTS == part:
            agree_around(number, zone, at)


def test_around_the_day_that_samoa_left_out_a_schedule_is_what_a_notebook_says():
    at = datetime(2011, 12, 30, 10, tzinfo=UTC)
    for number in range(20):
        agree_around(number, "Pacific/Apia", at)


def agree_around(number, zone, at):
    held = window(at - 2 * DAY, at + 2 * DAY)
    agree_with_the_notebook(a_schedule(random.Random(number), zone, *held, at), held)
