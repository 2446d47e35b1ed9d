"""What holds of the timetable for any interval, phase and tick."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitors.slots import MS, Due, claim, horizon, next_slot, phase_of, plans

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
instants = st.floats(0, 366 * 86_400).map(lambda seconds: T0 + timedelta(seconds=seconds))
intervals = st.sampled_from([1, 5, 7, 20, 60, 300, 3600, 86_400])


@given(instants, intervals, st.integers(0, 86_399_999))
def test_the_next_slot_is_later_and_within_one_interval(after, interval, phase):
    slot = next_slot(after, interval, phase % (interval * 1000))
    assert after < slot <= after + timedelta(seconds=interval)
    assert next_slot(slot, interval, phase % (interval * 1000)) - slot == timedelta(seconds=interval)
    assert slot.microsecond % 1000 == 0


@given(intervals, st.text(min_size=1, max_size=24))
def test_a_phase_lies_within_the_interval_and_stays(interval, public_id):
    assert 0 <= phase_of(public_id, interval) < interval * 1000
    assert phase_of(public_id, interval) == phase_of(public_id, interval)


@given(instants, st.sampled_from([0.5, 1, 5, 10]))
def test_a_window_is_claimed_before_it_begins(now, window):
    until = horizon(now, window)
    length = timedelta(seconds=window)
    assert now + length * 0.4 - MS <= until <= now + length * 1.4 + MS
    assert horizon(now + length, window) == until + length


@given(instants, intervals, st.lists(st.floats(0.2, 30), min_size=1, max_size=40))
def test_ticks_at_any_distance_plan_each_grid_slot_once_and_none_in_the_past(start, interval, steps):
    """An engine whose ticks come late, or stop for half a minute, leaves slots out and never doubles one."""
    due = Due(next_slot(start, interval, 0), interval, 0)
    now, planned = start, []
    for step in steps:
        now += timedelta(seconds=step)
        until = horizon(now, 5)
        got = claim(due, now, until)
        assert all(now <= at < until for at, _ in got.planned)
        planned += [at for at, _ in got.planned]
        due = Due(got.next_due_at, interval, 0)
        assert due.next_due_at >= until or due.next_due_at >= now
    assert planned == sorted(set(planned))
    if max(steps) < 1.5:
        expected, slot = [], next_slot(start, interval, 0)
        while slot < horizon(now, 5):
            expected.append(slot)
            slot = next_slot(slot, interval, 0)
        assert planned == [slot for slot in expected if slot >= planned[0]] if planned else True


@given(instants, intervals, st.floats(0, 1_000_000))
def test_after_any_stop_it_goes_on_at_the_next_future_slot_without_a_burst(start, interval, stopped):
    due = Due(next_slot(start, interval, 0), interval, 0)
    now = due.next_due_at + timedelta(seconds=stopped)
    until = horizon(now, 5)
    got = claim(due, now, until)
    assert len(got.planned) <= (until - now) / timedelta(seconds=interval) + 1
    assert all(at >= now for at, _ in got.planned)
    assert got.skipped == (due.next_due_at < now)


@given(instants, intervals, st.floats(0, 100_000))
def test_an_overdue_extra_check_runs_once_and_now(start, interval, late):
    due = Due(start, interval, 0, extra=True)
    now = start + timedelta(seconds=late)
    got = claim(due, now, horizon(now, 5))
    at, extra = got.planned[0]
    assert extra
    assert now <= at < now + MS
    assert [extra for _, extra in got.planned[1:]] == [False] * (len(got.planned) - 1)


@given(st.lists(st.integers(1, 30), max_size=200), st.integers(1, 100))
def test_plans_hold_every_monitor_once_within_the_limit(counts, limit):
    numbered = list(enumerate(counts))
    made = list(plans(numbered, limit))
    assert [pk for group in made for pk in group] == [pk for pk, _ in numbered]
    assert all(sum(counts[pk] for pk in group) <= limit or len(group) == 1 for group in made)
