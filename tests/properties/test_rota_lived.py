"""What holds of every record and its corrections: the past is tiled, and a correction changes its own stretch only."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from oncall.rota.calendar import window
from oncall.rota.lived import Correction, Fact, lived
from oncall.rota.schedule import Person

T0 = datetime(2026, 3, 17, tzinfo=UTC)
PEOPLE = [Person(name, name.upper()) for name in "abc"]
WITHIN = window(T0, T0 + timedelta(hours=40))

hours = st.integers(-10, 60).map(lambda hour: T0 + timedelta(hours=hour))
stretches = st.tuples(hours, hours).map(sorted).filter(lambda both: both[0] < both[1])
facts = st.lists(st.tuples(stretches, st.sampled_from([*PEOPLE, None])), max_size=8).map(
    lambda drawn: [Fact(f"f{n}", *both, person) for n, (both, person) in enumerate(drawn)]
)
corrections = st.lists(st.tuples(stretches, st.lists(st.sampled_from(PEOPLE), unique=True), hours), max_size=4).map(
    lambda drawn: [Correction(f"c{n}", *both, tuple(people), at) for n, (both, people, at) in enumerate(drawn)]
)


@given(facts, corrections)
def test_it_tiles_the_window_and_neighbours_differ(known, agreed):
    found = lived(known, agreed, WITHIN)
    assert (found[0].start, found[-1].end) == WITHIN
    assert all(one.end == two.start and one[2:] != two[2:] for one, two in pairwise(found))


@given(facts, corrections, st.integers(0, 40 * 60 - 1))
def test_an_instant_is_what_the_last_correction_says_or_else_the_facts(known, agreed, minute):
    at = T0 + timedelta(minutes=minute)
    one = next(one for one in lived(known, agreed, WITHIN) if one.start <= at < one.end)
    covering = sorted((c for c in agreed if c.start <= at < c.end), key=lambda c: (c.decided_at, c.id))
    there = [fact for fact in known if fact.start <= at < fact.end]
    if covering:
        assert (one.people, one.correction) == (covering[-1].people, covering[-1].id)
    elif there:
        assert sorted(one.facts) == sorted(fact.id for fact in there)
        assert sorted(person.id for person in one.people) == sorted(fact.person.id for fact in there if fact.person)
    else:
        assert one.people is None
