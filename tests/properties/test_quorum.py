"""Merging what locations say: the order in which they say it does not matter, and silence never makes a majority."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.quorum import Vote, required, rounds, speaking, tally

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
said = st.sampled_from([True, False, None])
places = st.integers(1, 9)


def slot(number):
    return T0 + number * MINUTE


@st.composite
def votes(draw):
    """Some of the votes of some places at some slots, at most one each."""
    count = draw(places)
    keys = [(number, place) for number in range(4) for place in range(count)]
    chosen = draw(st.lists(st.sampled_from(keys), unique=True))
    return count, [Vote(slot(number), place, draw(said)) for number, place in chosen]


@given(votes(), st.randoms())
def test_the_order_in_which_votes_arrive_does_not_matter(held, random):
    count, given_votes = held
    shuffled = list(given_votes)
    random.shuffle(shuffled)
    assert rounds(shuffled, range(count)) == rounds(given_votes, range(count))


@given(votes(), st.integers(0, 36))
def test_a_round_once_decided_is_never_undone_by_a_later_vote(held, cut):
    count, given_votes = held
    early, late = dict(rounds(given_votes[:cut], range(count))), dict(rounds(given_votes, range(count)))
    assert early.items() <= late.items()


@given(places, st.lists(said, max_size=9))
def test_a_round_is_decided_only_by_more_than_half_of_the_configured_locations(count, voices):
    counted = tally(dict(enumerate(voices[:count])), range(count))
    heard = voices[:count]
    assert counted.verdict == (
        True if heard.count(True) * 2 > count else False if heard.count(False) * 2 > count else None
    )
    assert (counted.effective, counted.silent) == (counted.good + counted.bad, count - counted.effective)


@given(votes())
def test_what_others_say_is_not_heard(held):
    count, given_votes = held
    strangers = [Vote(vote.at, vote.location + 100, vote.good) for vote in given_votes]
    assert rounds([*strangers, *given_votes], range(count)) == rounds(given_votes, range(count))


@given(st.lists(st.tuples(st.integers(0, 9), said), max_size=10, unique_by=lambda pair: pair[0]))
def test_one_location_is_its_own_majority(seen):
    given_votes = [Vote(slot(number), 7, good) for number, good in seen]
    assert rounds(given_votes, [7]) == sorted((slot(number), good) for number, good in seen if good is not None)


@pytest.mark.parametrize(("configured", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4)])
def test_the_majority_is_strict(configured, needed):
    assert required(configured) == needed


def test_a_tie_decides_nothing_and_a_silent_location_lowers_no_bar():
    assert rounds([Vote(T0, 1, True), Vote(T0, 2, False)], [1, 2]) == []
    assert rounds([Vote(T0, 1, False)], [1, 2, 3]) == []
    assert rounds([Vote(T0, 1, False), Vote(T0, 2, None), Vote(T0, 3, False)], [1, 2, 3]) == [(T0, False)]


def test_a_voice_ends_two_intervals_and_a_timeout_after_its_last_result():
    terms = {"interval": MINUTE, "timeout": timedelta(seconds=10)}
    assert speaking(T0, now=T0 + timedelta(seconds=130), **terms)
    assert not speaking(T0, now=T0 + timedelta(seconds=131), **terms)
    assert not speaking(None, now=T0, **terms)
