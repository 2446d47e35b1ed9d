"""When a budget burns so fast that somebody must be told: the table, the probe trap, the freeze."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from monitors.availability import Window, availability
from monitors.burn import ALERTS, WINDOWS, Burning, Loudness, burn_of, burning, lasts, loudest

NOW = datetime(2026, 3, 17, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    start: datetime
    end: datetime
    state: str


def figures(*turns):
    """Figures of every window of the table, of a life of (minutes before now, state) from which the state held."""
    marks = [(NOW - timedelta(days=10), "up"), *((NOW - timedelta(minutes=ago), state) for ago, state in turns)]
    ends = [start for start, _ in marks[1:]] + [NOW]
    life = [Span(start, end, state) for (start, state), end in zip(marks, ends, strict=True)]
    windows = [Window(NOW - length, NOW) for length in WINDOWS]
    told = availability({"one": life}, windows, life=(marks[0][0], None), now=NOW)
    return dict(zip(WINDOWS, told, strict=True))


def told(*turns, target_ppm=999_000, interval_s=60, is_open=False):
    return burning(figures(*turns), target_ppm=target_ppm, interval_s=interval_s, is_open=is_open)


def test_the_table_is_the_one_that_is_written_down():
    rows = [(one.loudness.value, one.long, one.short, one.burn, one.spent) for one in ALERTS]
    hours, minutes = (lambda n: timedelta(hours=n)), (lambda n: timedelta(minutes=n))
    assert rows == [
        ("page", hours(1), minutes(5), Fraction("14.4"), Fraction("0.02")),
        ("page", hours(6), minutes(30), Fraction(6), Fraction("0.05")),
        ("ticket", hours(72), hours(6), Fraction(1), Fraction("0.10")),
    ]
    for one in ALERTS:
        assert one.burn * (one.long // hours(1)) == one.spent * 720


def test_one_failed_check_is_no_reason_to_wake_anybody():
    """At 99.9 % one minute of an hour is a burn of 16.7, beyond 14.4: told of requests it would page."""
    assert burn_of(figures((1, "down"))[timedelta(hours=1)], 999_000) > ALERTS[0].burn
    assert told((1, "down")).alert is None


def test_two_intervals_of_confirmed_down_time_page():
    found = told((2, "down"))
    assert found.alert is ALERTS[0]
    assert lasts(found.burn, timedelta(days=30)) < timedelta(days=1)


def test_at_a_looser_target_it_takes_four_minutes_and_a_third():
    assert told((4, "down"), target_ppm=995_000).alert is None
    assert told((5, "down"), target_ppm=995_000).alert is ALERTS[0]


def test_it_ends_soon_after_the_outage_because_the_short_window_must_burn_too():
    assert told((20, "down"), (10, "up")).alert is not ALERTS[0]
    assert told((40, "down"), (31, "up"), is_open=True).alert.loudness is Loudness.TICKET


def test_a_slow_burn_is_a_ticket_and_no_page():
    found = told((300, "down"), (295, "up"))
    assert found.alert.loudness is Loudness.TICKET


@pytest.mark.parametrize("blind", ["unknown", "paused"])
def test_while_nobody_watches_nothing_is_told_anew_and_nothing_ends(blind):
    assert told((30, "down"), (3, blind)) == Burning(frozen=True)


def test_unknown_time_does_not_burn():
    assert told((60, "unknown"), (10, "up")).alert is None


def test_a_target_of_everything_has_no_budget_to_burn():
    assert told((5, "down"), target_ppm=1_000_000).alert is None


def test_of_several_agreements_the_loudest_is_told():
    page, ticket, frozen, quiet = Burning(False, ALERTS[0]), Burning(False, ALERTS[2]), Burning(True), Burning(False)
    assert loudest([ticket, page, frozen]) is page
    assert loudest([quiet, frozen]).frozen
    assert loudest([quiet]) == Burning(False)
