"""The life of a service as it is shown: nothing invented, no gap left unsaid."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitors.states import State
from monitors.together import Stretch, unbroken

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)


def at(minute):
    return T0 + timedelta(minutes=minute)


@st.composite
def lives(draw):
    """Stretches in order that do not overlap, with and without gaps between them."""
    edges = sorted(draw(st.sets(st.integers(0, 60), max_size=8)))
    pairs = [pair for pair in itertools.pairwise(edges) if draw(st.booleans())]
    return [Stretch(draw(st.sampled_from(list(State))), at(a), at(b)) for a, b in pairs]


def held(spans, minute):
    return [span.state for span in spans if span.start <= at(minute) < span.end]


@given(lives(), st.integers(60, 90))
def test_unbroken_tiles_to_the_end_and_says_unknown_where_nobody_watched(whole, until):
    tiled = unbroken(whole, at(until))
    if not whole:
        assert tiled == []
        return
    assert (tiled[0].start, tiled[-1].end) == (whole[0].start, at(until))
    for one, after in itertools.pairwise(tiled):
        assert one.end == after.start
        assert one.state != after.state
    for minute in range(until):
        told = held(tiled, minute)
        if at(minute) >= whole[0].start:
            assert told == (held(whole, minute) or [State.UNKNOWN])
