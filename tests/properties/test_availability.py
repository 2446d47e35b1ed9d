"""Availability from intervals: what must hold of any life, any composition, any window."""

from collections import Counter
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitors.availability import Adjustment, Figures, Kind, Terms, Window, availability, digits_for, percent
from monitors.composing import service_pieces

T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOURS = 48
STATES = ("up", "degraded", "down", "unknown", "paused")
ADDS_UP = [one.name for one in fields(Figures) if one.name.endswith("_ms") and one.name != "longest_outage_ms"]


@dataclass(frozen=True)
class Span:
    start: datetime
    end: datetime
    state: str


def at(us):
    return T0 + timedelta(microseconds=us)


instants = st.integers(0, HOURS * 3_600_000_000)


@st.composite
def lives(draw):
    """The spans that tile one monitor's life, at any microseconds, in any order."""
    cuts = sorted(set(draw(st.lists(instants, min_size=2, max_size=9))))
    spans = [Span(at(a), at(b), draw(st.sampled_from(STATES))) for a, b in pairwise(cuts)]
    return draw(st.permutations(spans))


stretches = st.lists(st.tuples(instants, instants).map(lambda two: (at(min(two)), at(max(two)))), max_size=3)
members = st.dictionaries(st.sampled_from("abcd"), lives(), max_size=4)
kinds = st.one_of(st.just((Kind.ALL, 0)), st.just((Kind.ANY, 0)), st.tuples(st.just(Kind.QUORUM), st.integers(1, 4)))
terms = st.lists(
    st.builds(
        lambda us, kind, some: Terms(at(us), *kind, members=some),
        instants,
        kinds,
        st.one_of(st.none(), st.frozensets(st.sampled_from("abcd"))),
    ),
    max_size=3,
)
adjustments = st.lists(
    st.builds(
        lambda who, two, state: Adjustment(who, at(min(two)), at(max(two)), state),
        st.sampled_from("abcd"),
        st.tuples(instants, instants),
        st.sampled_from(STATES),
    ),
    max_size=2,
)
subjects = st.fixed_dictionaries(
    {
        "members": members,
        "life": st.tuples(instants.map(at), st.one_of(st.none(), instants.map(at))),
        "now": st.integers(0, 2 * HOURS * 3_600_000_000).map(at),
        "terms": terms,
        "excluded": stretches,
        "maintenance": stretches,
        "adjusted": adjustments,
        "degraded_is_down": st.booleans(),
    }
)


def figures(subject, *windows):
    told = dict(subject)
    return availability(told.pop("members"), windows, **told)


def window(two):
    return Window(at(min(two)), at(max(two)))


windows = st.tuples(instants, instants).map(window)


def milliseconds(moment):
    return (moment - T0) // timedelta(milliseconds=1)


@given(subjects, windows)
def test_the_states_add_up_to_the_service_s_life_in_the_window(subject, over):
    (told,) = figures(subject, over)
    life_ms = milliseconds(told.life_to) - milliseconds(told.life_from) if told.life_from else 0
    assert told.total_ms + told.excluded_ms == life_ms
    assert told.up_ms + told.degraded_ms + told.down_ms + told.unknown_ms + told.paused_ms == told.total_ms
    assert min(getattr(told, name) for name in ADDS_UP) >= 0
    assert told.longest_outage_ms <= told.bad_ms
    assert told.down_excluded_ms <= told.excluded_ms


@given(subjects, st.lists(instants, min_size=3, max_size=6))
def test_a_window_that_is_split_adds_up_to_itself(subject, cuts):
    cuts = sorted(cuts)
    whole, *parts = figures(subject, window((cuts[0], cuts[-1])), *map(window, pairwise(cuts)))
    for name in ADDS_UP:
        assert sum(getattr(part, name) for part in parts) == getattr(whole, name), name


@given(subjects, windows)
def test_low_is_never_above_measured_nor_measured_above_high(subject, over):
    (told,) = figures(subject, over)
    if told.measured is not None:
        assert 0 <= told.low <= told.measured <= told.high <= 1
    if told.total_ms:
        assert told.high - told.low == 1 - told.coverage
    assert told.strict is None or 0 <= told.strict <= 1


@given(subjects, windows, st.randoms())
def test_the_order_in_which_anything_is_given_changes_nothing_but_who_corrects_last(subject, over, chance):
    other = dict(subject)
    other["members"] = {key: chance.sample(list(held), len(held)) for key, held in reversed(subject["members"].items())}
    other["excluded"] = list(reversed(subject["excluded"]))
    assert figures(other, over) == figures(subject, over)


@given(members, st.integers(1, 4), st.lists(instants, min_size=1, max_size=20))
def test_a_quorum_is_what_counting_says(held, quorum, moments):
    pieces = service_pieces(held, [Terms(kind=Kind.QUORUM, quorum=quorum)])
    for moment in map(milliseconds, map(at, moments)):
        counted = Counter(state_of(spans, moment) for spans in held.values())
        absent = counted.pop(None, 0)
        if not counted:
            continue
        seen = state_in(pieces, moment)
        missing = max(0, quorum - counted.total())
        can_be_up = counted.total() + missing - counted["down"]
        up = counted["up"] + counted["degraded"]
        assert (seen in ("up", "degraded")) == (up >= quorum)
        assert (seen == "down") == (can_be_up < quorum)
        assert absent == len(held) - counted.total()


@given(members, st.lists(instants, min_size=1, max_size=20))
def test_all_is_a_quorum_of_everybody_and_any_a_quorum_of_one(held, moments):
    every, any_one = service_pieces(held), service_pieces(held, [Terms(kind=Kind.ANY)])
    for moment in map(milliseconds, map(at, moments)):
        states = [state for spans in held.values() if (state := state_of(spans, moment))]
        if states:
            blind = {"unknown", "paused"} & set(states)
            worst = "down" if "down" in states else "blind" if blind else "up"
            best = "up" if {"up", "degraded"} & set(states) else "blind" if blind else "down"
            assert three(state_in(every, moment)) == worst
            assert three(state_in(any_one, moment)) == best


@given(st.fractions(0, 1), st.integers(0, 4))
def test_a_percentage_is_never_more_than_the_truth(ratio, digits):
    shown = Fraction(percent(ratio, digits))
    assert shown <= ratio * 100 < shown + Fraction(1, 10**digits)


@given(st.integers(1, 86_400), st.integers(0, 400 * 86_400_000))
def test_the_last_digit_is_no_finer_than_one_check(interval_s, total_ms):
    digits = digits_for(interval_s, total_ms)
    if digits:
        assert Fraction(interval_s * 1000, total_ms) <= Fraction(1, 100 * 10**digits)


def state_of(spans, moment):
    for span in spans:
        if milliseconds(span.start) <= moment < milliseconds(span.end):
            return span.state
    return None


def state_in(pieces, moment):
    moment += milliseconds(T0) + (T0 - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return next(state for start, end, state in pieces if start <= moment < end)


def three(state):
    return {"degraded": "up", "unknown": "blind", "paused": "blind"}.get(state, state)
