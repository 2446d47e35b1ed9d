"""A monitor's life cut into days of a zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitors.days import calendar, cut, summary

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 17, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Stretch:
    start: datetime
    end: datetime
    state: str


def told(*spans, now=NOON, count=3, zone=UTC):
    return cut([Stretch(*span) for span in spans], calendar(now, count, zone))


def test_the_worst_state_of_a_day_stands_for_it():
    start = NOON - timedelta(days=2)
    days = told(
        (start, NOON - timedelta(hours=30), "up"),
        (NOON - timedelta(hours=30), NOON - timedelta(hours=29), "down"),
        (NOON - timedelta(hours=29), NOON, "up"),
    )
    assert [day.state for day in days] == ["up", "down", "up"]
    assert days[1].words == "16 March: down 1 h, up 23 h"


def test_days_before_the_monitor_lived_are_none_and_not_up():
    days = told((NOON - timedelta(hours=1), NOON, "up"), count=90)
    assert [day.state for day in days] == ["none"] * 89 + ["up"]
    assert summary(days) == "90 days: 1 up, 89 before it was watched"


def test_seconds_of_all_days_are_the_seconds_of_all_spans():
    spans = [
        (NOON - timedelta(days=2, hours=7), NOON - timedelta(hours=20), "up"),
        (NOON - timedelta(hours=20), NOON, "unknown"),
    ]
    days = told(*spans, count=5)
    seconds = sum(sum(day.seconds.values()) for day in days)
    assert seconds == sum((end - start).total_seconds() for start, end, _ in spans)


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 29, 12, tzinfo=UTC), 23), (datetime(2026, 10, 25, 12, tzinfo=UTC), 25)]
)
def test_a_day_on_which_clocks_change_has_its_real_length(day, hours):
    days = told((day - timedelta(days=5), day + timedelta(days=5), "up"), now=day, zone=BERLIN, count=1)
    assert days[0].seconds == {"up": hours * 3600}


def test_midnight_is_that_of_the_zone():
    late = datetime(2026, 3, 17, 23, 30, tzinfo=UTC)
    assert calendar(late, 1, BERLIN).dates[0].day == 18
    assert calendar(late, 1, UTC).dates[0].day == 17
