"""The judge, line by line: a monitor checked every 60 s, 60 s to confirm, 120 s to recover, timeout 10 s."""

from datetime import UTC, datetime, timedelta

import pytest

from monitors.judge import Alarm, Observation, Standing, Terms, judge, pause, resume, retry_gap, silence
from monitors.states import MOVES, Event, IllegalMove, State, move, worst

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
TERMS = Terms(
    confirmation=timedelta(seconds=60),
    recovery=timedelta(seconds=120),
    interval=timedelta(seconds=60),
    timeout=timedelta(seconds=10),
)
AT_ONCE = Terms(timedelta(0), timedelta(0), timedelta(seconds=60), timedelta(seconds=10))


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def new(state=State.UNKNOWN, *, alarm=False):
    return Standing(state, T0, settled_at=at(-0.000001), alarm=alarm)


def run(standing, results, terms=TERMS):
    """results: `"g0 b60 -120"`: good at 0, bad at 60, nothing observed at 120. Returns (standing, changes)."""
    seen = [Observation(at(float(word[1:])), {"g": True, "b": False, "-": None}[word[0]]) for word in results.split()]
    return judge(terms, standing, seen)


def told(changes):
    """Changes as words: `down@60 opens`."""
    return [f"{c.state}@{(c.effective_at - T0).total_seconds():g} {c.alarm.value}".strip() for c in changes]


TABLE = [
    # the first good result is up at once, dated to itself
    ("g0", ["up@0"]),
    # the first bad one is not down before it is confirmed
    ("b0", []),
    ("b0 b60", ["down@0 opens"]),
    # a blip changes nothing
    ("g0 b60 g120 b180 g240", ["up@0"]),
    # a confirmed change is dated back to the first result of its run
    ("g0 b60 b120", ["up@0", "down@60 opens"]),
    ("g0 b60 b65 b85 b105", ["up@0"]),
    ("g0 b60 b65 b85 b105 b120", ["up@0", "down@60 opens"]),
    # recovery asks for its own time, and is dated back too
    ("g0 b60 b120 g180 g240", ["up@0", "down@60 opens"]),
    ("g0 b60 b120 g180 g240 g300", ["up@0", "down@60 opens", "up@180 closes"]),
    ("g0 b60 b120 g180 b240 g300 g360", ["up@0", "down@60 opens"]),
    # nothing observed neither breaks a run nor makes one
    ("g0 b60 -80 b120", ["up@0", "down@60 opens"]),
    ("g0 -60 -120", ["up@0"]),
    # one slot may be missing: two intervals and a timeout
    ("g0 g130", ["up@0"]),
    ("g0 g131", ["up@0", "unknown@60", "up@131"]),
    # no run reaches across a silence
    ("g0 b60 b300", ["up@0", "unknown@120"]),
    ("g0 b60 b300 b360", ["up@0", "unknown@120", "down@300 opens"]),
    # down, silence, still down: the alarm is the same
    ("b0 b60 b300 b360", ["down@0 opens", "unknown@120", "down@300"]),
    # down, silence, up: recovery is asked for, because the alarm is open
    ("b0 b60 g300 g360", ["down@0 opens", "unknown@120"]),
    ("b0 b60 g300 g360 g420", ["down@0 opens", "unknown@120", "up@300 closes"]),
    # the order in which results are handed over within a batch does not matter
    ("b120 g0 b60", ["up@0", "down@60 opens"]),
    # the same slot twice counts once
    ("g0 b60 b60 b60", ["up@0"]),
]


@pytest.mark.parametrize(("results", "expected"), TABLE)
def test_results_become_changes(results, expected):
    assert told(run(new(), results)[1]) == expected


@pytest.mark.parametrize(("results", "expected"), TABLE)
def test_it_does_not_matter_how_results_are_cut_into_batches(results, expected):
    standing, changes = new(), ()
    for word in sorted(results.split(), key=lambda word: float(word[1:])):
        standing, made = run(standing, word)
        changes += made
    assert told(changes) == expected


def test_zero_seconds_confirm_the_first_result():
    assert told(run(new(), "g0 b60 g120", AT_ONCE)[1]) == ["up@0", "down@60 opens", "up@120 closes"]


def test_a_change_carries_its_evidence():
    change = run(new(), "g0 b60 b120")[1][1]
    assert (change.onset_earliest, change.first_result, change.last_result) == (at(0), at(60), at(120))


def test_a_late_result_that_is_settled_changes_nothing():
    standing, _ = run(new(), "g0 g120")
    assert run(standing, "b60") == (standing, ())
    standing, _ = run(new(), "b0 b60 b120")
    assert run(standing, "g30") == (standing, ())


def test_a_late_result_within_a_run_cuts_it():
    standing, _ = run(new(), "g0 b60 b115")
    standing, _ = run(standing, "g90")
    assert standing.run == (at(115),)
    assert told(run(standing, "b130")[1]) == []
    assert told(run(standing, "b130 b175")[1]) == ["down@115 opens"]


def test_a_late_result_of_the_run_dates_it_further_back():
    standing, _ = run(new(), "g0 b90")
    assert run(standing, "b60")[0].run == (at(60), at(90))


def test_silence_is_unknown_from_where_the_last_result_ends():
    standing, _ = run(new(), "g0")
    assert silence(standing, at(130)) == (standing, ())
    standing, changes = silence(standing, at(131))
    assert told(changes) == ["unknown@60"]
    assert standing.state is State.UNKNOWN


def test_a_result_speaks_by_the_terms_it_was_judged_under():
    standing, _ = run(new(), "g0")
    shorter = Terms(TERMS.confirmation, TERMS.recovery, timedelta(seconds=1), timedelta(seconds=1))
    assert told(run(standing, "g130", shorter)[1]) == []


def test_a_result_that_was_under_way_when_silence_was_written_still_counts():
    standing, _ = run(new(), "g0")
    standing, _ = silence(standing, at(200))
    assert told(run(standing, "g60")[1]) == ["up@60"]


def test_nothing_is_judged_while_paused():
    standing, changes = pause(run(new(), "g0")[0], at(30))
    assert told(changes) == ["paused@30"]
    assert run(standing, "b60 b120") == (standing, ())


def test_pausing_admits_the_silence_before_it():
    assert told(pause(run(new(), "g0")[0], at(600))[1]) == ["unknown@60", "paused@600"]


def test_a_pause_keeps_the_alarm_and_a_resume_asks_for_recovery():
    standing, _ = pause(run(new(), "b0 b60")[0], at(70))
    standing, changes = resume(standing, at(600))
    assert told(changes) == ["unknown@600"]
    assert told(run(standing, "g610 g670 g730")[1]) == ["up@610 closes"]


def test_what_was_planned_before_a_resume_does_not_count():
    standing, _ = resume(pause(run(new(), "g0")[0], at(30))[0], at(100))
    assert run(standing, "g60") == (standing, ())


def test_pausing_twice_is_refused():
    standing, _ = pause(run(new(), "g0")[0], at(30))
    with pytest.raises(IllegalMove):
        pause(standing, at(40))
    with pytest.raises(IllegalMove):
        resume(new(), at(40))


@pytest.mark.parametrize(("results", "gap"), [("g0", None), ("g0 b60", 20), ("b0 b60 g120", 40), ("g0 b60 g120", None)])
def test_an_unconfirmed_change_is_looked_at_again_soon(results, gap):
    found = retry_gap(TERMS, run(new(), results)[0])
    assert found == (None if gap is None else timedelta(seconds=gap))


def test_never_sooner_than_five_seconds():
    assert retry_gap(AT_ONCE, run(new(State.DOWN, alarm=True), "b0")[0]) is None
    short = Terms(timedelta(seconds=6), timedelta(seconds=6), timedelta(seconds=60), timedelta(seconds=10))
    assert retry_gap(short, run(new(), "b0", short)[0]) == timedelta(seconds=5)


def test_a_service_shows_its_worst_monitor():
    assert worst([State.UP, State.PAUSED]) is State.UP
    assert worst([State.UP, State.UNKNOWN]) is State.UNKNOWN
    assert worst([State.UNKNOWN, State.DEGRADED, State.DOWN]) is State.DOWN
    assert worst([]) is State.UNKNOWN


def test_every_state_has_a_row_in_the_table_and_illegal_moves_say_so():
    assert {state for state, _ in MOVES} == set(State)
    with pytest.raises(IllegalMove, match="paused"):
        move(State.PAUSED, Event.GOOD)


def test_alarm_words():
    assert [alarm.value for alarm in Alarm] == ["", "opens", "closes"]
