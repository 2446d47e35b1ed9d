"""Lives of several monitors as one: the worst at each instant, nothing invented, no gap left unsaid."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitors.states import State, worst
from monitors.together import Stretch, together, unbroken

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    state: State
    start: datetime
    end: datetime


def at(minute):
    return T0 + timedelta(minutes=minute)


@st.composite
def lives(draw):
    """Up to four monitors, each with spans that do not overlap, with and without gaps between them."""
    made = []
    for _ in range(draw(st.integers(0, 4))):
        edges = sorted(draw(st.sets(st.integers(0, 60), max_size=8)))
        pairs = [pair for pair in itertools.pairwise(edges) if draw(st.booleans())]
        made.append([Span(draw(st.sampled_from(list(State))), at(a), at(b)) for a, b in pairs])
    return made


def held(spans, minute):
    return [span.state for span in spans if span.start <= at(minute) < span.end]


@given(lives())
def test_at_every_instant_it_is_the_worst_of_them(given_lives):
    whole = together(given_lives)
    for minute in range(61):
        theirs = [state for life in given_lives for state in held(life, minute)]
        assert held(whole, minute) == ([worst(theirs)] if theirs else [])


@given(lives())
def test_stretches_are_in_order_disjoint_and_differ_from_their_neighbours(given_lives):
    whole = together(given_lives)
    for one, after in itertools.pairwise(whole):
        assert one.end <= after.start
        assert one.end < after.start or one.state != after.state
    assert all(one.start < one.end for one in whole)


@given(lives(), st.integers(60, 90))
def test_unbroken_tiles_to_the_end_and_says_unknown_where_nobody_watched(given_lives, until):
    whole = together(given_lives)
    tiled = unbroken(whole, at(until))
    if not whole:
        assert tiled == []
        return
    assert (tiled[0].start, tiled[-1].end) == (whole[0].start, at(until))
    assert all(one.end == after.start for one, after in itertools.pairwise(tiled))
    for minute in range(until):
        told = held(tiled, minute)
        if at(minute) >= whole[0].start:
            assert told == (held(whole, minute) or [State.UNKNOWN])


def test_one_monitor_down_is_the_service_down_and_paused_counts_only_alone():
    up, down = Span(State.UP, at(0), at(30)), Span(State.DOWN, at(10), at(20))
    assert together([[up], [down]]) == [
        Stretch(State.UP, at(0), at(10)),
        Stretch(State.DOWN, at(10), at(20)),
        Stretch(State.UP, at(20), at(30)),
    ]
    paused = Span(State.PAUSED, at(0), at(30))
    assert together([[up], [paused]]) == [Stretch(State.UP, at(0), at(30))]
    assert together([[paused]]) == [Stretch(State.PAUSED, at(0), at(30))]
