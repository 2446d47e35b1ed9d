"""What holds of the judge for any results in any order."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitors.judge import Observation, Standing, Terms, judge, pause, resume, silence
from monitors.states import MEASURED, State

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
BEGIN = Standing(State.UNKNOWN, T0, settled_at=T0 - timedelta(microseconds=1))


def at(seconds):
    return T0 + timedelta(seconds=seconds)


terms = st.builds(
    lambda confirmation, recovery, interval, timeout: Terms(*(timedelta(seconds=s) for s in (confirmation, recovery, interval, timeout))),
    st.integers(0, 200),
    st.integers(0, 200),
    st.sampled_from([1, 20, 60, 300]),
    st.integers(1, 10),
)  # fmt: skip
results = st.dictionaries(st.integers(0, 2000), st.sampled_from([True, False, None]), max_size=60).map(
    lambda seen: [Observation(at(second), good) for second, good in sorted(seen.items())]
)


def fold(terms, seen, standing=BEGIN):
    return judge(terms, standing, seen)


@given(terms, results, st.data())
def test_batches_do_not_matter(terms, seen, data):
    standing, changes = BEGIN, ()
    rest = seen
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        standing, made = fold(terms, rest[:size], standing)
        changes, rest = changes + made, rest[size:]
    assert (standing, changes) == fold(terms, seen)


@given(terms, results, st.randoms())
def test_the_order_within_a_batch_does_not_matter(terms, seen, random):
    shuffled = list(seen)
    random.shuffle(shuffled)
    assert fold(terms, shuffled) == fold(terms, seen)


@given(terms, results, st.randoms())
def test_the_order_of_arrival_does_not_matter_while_nothing_is_confirmed(terms, seen, random):
    shuffled = list(seen)
    random.shuffle(shuffled)
    standing, changes = Standing(State.UP, T0, settled_at=T0 - timedelta(microseconds=1)), ()
    for observation in shuffled:
        standing, made = fold(terms, [observation], standing)
        changes += made
    ordered, expected = fold(terms, seen, Standing(State.UP, T0, settled_at=T0 - timedelta(microseconds=1)))
    if not changes and not expected:
        assert standing == ordered


@given(terms, results, results)
def test_what_was_judged_is_never_judged_again(terms, seen, more):
    standing, _ = fold(terms, seen)
    again, changes = fold(terms, seen, standing)
    if not standing.run or standing.state in MEASURED:
        assert (again, changes) == (standing, ())


@given(terms, results)
def test_changes_go_forward_and_always_to_another_state(terms, seen):
    _, changes = fold(terms, seen)
    instants = [change.effective_at for change in changes]
    assert instants == sorted(instants)
    assert all(instant >= T0 for instant in instants)
    states = [State.UNKNOWN, *(change.state for change in changes)]
    assert all(before is not after for before, after in itertools.pairwise(states))


@given(terms, results)
def test_the_alarm_opens_and_closes_in_turn_and_agrees_with_the_state(terms, seen):
    standing, changes = fold(terms, seen)
    turns = [change.alarm.value for change in changes if change.alarm]
    assert turns == ["opens", "closes"] * (len(turns) // 2) + ["opens"] * (len(turns) % 2)
    assert standing.alarm == (len(turns) % 2 == 1)
    if standing.state is State.DOWN:
        assert standing.alarm
    if standing.state is State.UP:
        assert not standing.alarm


@given(terms, results)
def test_down_is_never_said_without_results_that_failed_for_as_long_as_the_rule_asks(terms, seen):
    good = {observation.at: observation.good for observation in seen}
    for change in fold(terms, seen)[1]:
        if change.state is State.DOWN:
            assert change.last_result - change.first_result >= terms.confirmation
            within = [good[instant] for instant in good if change.first_result <= instant <= change.last_result]
            assert True not in within
            assert good[change.effective_at] is False


@given(terms, results, st.integers(0, 4000))
def test_silence_never_says_up(terms, seen, later):
    standing, _ = fold(terms, seen)
    now = at(2000 + later)
    after, _ = silence(standing, now)
    if after.state in MEASURED:
        assert after.silent_at is not None
        assert now <= after.silent_at


@given(terms, results, st.integers(0, 3000), st.integers(0, 500))
def test_a_pause_leaves_nothing_but_the_alarm(terms, seen, paused, length):
    standing, _ = fold(terms, seen)
    away, _ = pause(standing, at(2000 + paused))
    back, changes = resume(away, at(2000 + paused + length))
    assert back.alarm == standing.alarm
    assert (back.state, back.run, back.last_at) == (State.UNKNOWN, (), None)
    assert fold(terms, seen, back) == (back, ())
    assert len(changes) == 1
