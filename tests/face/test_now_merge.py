"""A service is what the worst of its monitors is, at every instant; unwatched time is never up."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from config.now.merge import WORST_FIRST, together, worst

T = datetime(2026, 3, 17, tzinfo=UTC)


def at(minute):
    return T + timedelta(minutes=minute)


def test_the_worst_state_wins_while_it_lasts():
    a = [(at(0), at(10), "up"), (at(10), at(20), "down"), (at(20), at(30), "up")]
    b = [(at(0), at(15), "up"), (at(15), at(30), "unknown")]
    assert together([a, b]) == [(at(0), at(10), "up"), (at(10), at(20), "down"), (at(20), at(30), "unknown")]


def test_a_paused_monitor_says_nothing_of_a_service_that_others_watch():
    assert together([[(at(0), at(5), "paused")], [(at(0), at(5), "up")]]) == [(at(0), at(5), "up")]
    assert worst(["paused", "paused"]) == "paused"


def test_silence_is_not_up():
    assert worst([]) == "unknown"
    assert together([]) == []
    assert together([[(at(0), at(1), "up")], [(at(5), at(6), "up")]]) == [(at(0), at(1), "up"), (at(5), at(6), "up")]


def tiling(cuts):
    edges = [0, *sorted({cut for cut, _ in cuts}), 60]
    states = [state for _, state in cuts] or ["up"]
    pairs = pairwise(edges)
    return [(at(a), at(b), states[i % len(states)]) for i, (a, b) in enumerate(pairs)]


LINES = st.lists(
    st.lists(st.tuples(st.integers(1, 59), st.sampled_from(WORST_FIRST)), max_size=6).map(tiling),
    min_size=1,
    max_size=5,
)


@given(LINES)
def test_lines_that_tile_the_hour_give_a_line_that_tiles_it_and_agrees_with_every_instant(lines):
    found = together(lines)
    assert found[0][0] == at(0)
    assert found[-1][1] == at(60)
    assert all(a[1] == b[0] and a[2] != b[2] for a, b in pairwise(found))
    for minute in range(60):
        point = at(minute) + timedelta(seconds=30)
        held = [state for line in lines for start, end, state in line if start <= point < end]
        said = next(state for start, end, state in found if start <= point < end)
        assert said == worst(held)
