"""What pings and their absence make of a heartbeat. Times are minutes after 02:00 of one night, UTC."""

from datetime import UTC, datetime, timedelta

import pytest

from monitors.heartbeats.fold import Kind, Ping, Standing, Terms, fold, next_look, rescheduled, resumed
from monitors.heartbeats.schedules import Period, read_schedule
from monitors.states import State

T0 = datetime(2026, 3, 17, 2, tzinfo=UTC)
HOURLY = read_schedule("cron", period_s=0, expression="0 * * * *", zone="UTC")
NEW = Standing(State.UNKNOWN)
ACTS = {"ok": Kind.SUCCESS, "start": Kind.START, "fail": Kind.FAIL, "log": Kind.LOG}


def at(minute):
    return T0 + timedelta(minutes=minute)


def terms(schedule=HOURLY, grace=10, limit=30, early=1):
    return Terms(schedule, *(timedelta(minutes=one) for one in (grace, limit, early)))


def after(*pings, until, held=None, standing=NEW):
    """pings: (minute, act[, run id])."""
    came = [Ping(n, at(minute), ACTS[act], *rid) for n, (minute, act, *rid) in enumerate(pings)]
    return fold(held or terms(), standing, came, at(until))


def changes(done):
    return [(turn.state.value, (turn.at - T0) / timedelta(minutes=1), turn.code) for turn in done.turns]


def decided(done):
    def minute(moment):
        return None if moment is None else (moment - T0) / timedelta(minutes=1)

    return [(minute(run.expected), minute(run.received), run.state.value) for run in done.runs]


def test_before_the_first_ping_nothing_is_expected():
    done = after(until=600)
    assert (done.standing, done.turns, done.runs) == (NEW, (), ())


def test_a_job_that_keeps_its_time_is_up():
    done = after((1, "ok"), (62, "ok"), until=120)
    assert changes(done) == [("up", 1, "success")]
    assert decided(done) == [(0, 1, "on_time"), (60, 62, "on_time")]


def test_a_missed_run_is_down_from_its_deadline_and_recorded_when_the_next_is_due():
    done = after((1, "ok"), until=130)
    assert changes(done) == [("up", 1, "success"), ("down", 70, "missed")]
    assert decided(done) == [(0, 1, "on_time"), (60, None, "missed")]


def test_a_late_run_was_down_from_the_deadline_to_the_ping():
    done = after((1, "ok"), (95, "ok"), until=100)
    assert changes(done) == [("up", 1, "success"), ("down", 70, "missed"), ("up", 95, "success")]
    assert decided(done)[1] == (60, 95, "late")


def test_an_evaluator_that_stood_still_finds_the_downtime_although_the_job_is_well_again():
    before = after((1, "ok"), until=30)
    done = after((95, "ok"), until=200, standing=before.standing)
    assert changes(done) == [("down", 70, "missed"), ("up", 95, "success"), ("down", 130, "missed")]


def test_a_ping_shortly_before_its_time_counts_for_it():
    done = after((1, "ok"), (59.5, "ok"), until=115)
    assert changes(done) == [("up", 1, "success")]
    assert decided(done)[1] == (60, 59.5, "on_time")


def test_a_ping_off_the_timetable_stands_for_no_run():
    done = after((1, "ok"), (30, "ok"), until=75)
    assert changes(done)[-1] == ("down", 70, "missed")
    assert decided(done)[1] == (None, 30, "on_time")


def test_a_period_begins_anew_with_every_ping():
    done = after((0, "ok"), (20, "ok"), until=95, held=terms(Period(timedelta(minutes=60))))
    assert changes(done) == [("up", 0, "success"), ("down", 90, "missed")]


def test_a_failure_is_down_at_once_and_the_next_success_is_up():
    done = after((1, "ok"), (60, "fail"), (61, "ok"), until=100)
    assert changes(done) == [("up", 1, "success"), ("down", 60, "failed"), ("up", 61, "success")]
    assert decided(done)[1:] == [(60, 60, "failed"), (None, 61, "on_time")]


def test_a_start_meets_the_deadline_and_the_run_limit_begins():
    done = after((1, "ok"), (65, "start"), until=96)
    assert changes(done) == [("up", 1, "success"), ("down", 95, "overran")]


def test_a_run_is_timed_from_its_start():
    done = after((0, "start"), (12, "ok"), until=20)
    assert decided(done) == [(0, 0, "on_time")]
    assert done.runs[0].duration == timedelta(minutes=12)


def test_concurrent_runs_are_each_timed_by_their_own_id():
    done = after((0, "start", "a"), (5, "start", "b"), (9, "ok", "a"), (25, "ok", "b"), until=30)
    assert [(run.rid, run.duration) for run in done.runs] == [
        ("a", timedelta(minutes=9)),
        ("b", timedelta(minutes=20)),
    ]
    assert done.standing.open == ()


def test_one_of_two_runs_that_hangs_is_found():
    done = after((0, "start", "a"), (5, "start", "b"), (9, "ok", "b"), until=31)
    assert changes(done) == [("up", 9, "success"), ("down", 30, "overran")]


def test_a_success_after_a_hanging_run_gives_it_up():
    done = after((0, "start", "a"), (60, "start", "b"), (70, "ok", "b"), until=75)
    assert changes(done) == [("down", 30, "overran"), ("up", 70, "success")]
    assert ("a", "failed", "never ended") in [(run.rid, run.state.value, run.words) for run in done.runs]


def test_an_end_after_72_hours_has_no_duration():
    held = terms(Period(timedelta(days=30)), limit=60 * 72)
    done = after((0, "start"), (60 * 73, "ok"), until=60 * 73, held=held)
    assert [(run.state.value, run.duration) for run in done.runs] == [("failed", None), ("on_time", None)]


def test_a_start_without_an_end_is_replaced_by_the_next_one():
    done = after((0, "start"), (60, "start"), (64, "ok"), until=65, held=terms(limit=90))
    assert [(run.state.value, run.duration) for run in done.runs] == [
        ("failed", None),
        ("on_time", timedelta(minutes=4)),
    ]


def test_a_log_changes_nothing():
    assert after((1, "log"), until=300).standing == NEW
    done = after((1, "ok"), (65, "log"), until=75)
    assert changes(done)[-1] == ("down", 70, "missed")


def test_a_start_late_at_night_does_not_end_the_downtime_but_its_end_does():
    done = after((1, "ok"), (80, "start"), (85, "ok"), until=90)
    assert changes(done)[1:] == [("down", 70, "missed"), ("up", 85, "success")]
    assert decided(done)[1] == (60, 80, "late")


def test_grace_longer_than_the_gap_between_runs_still_ends():
    done = after((1, "ok"), until=400, held=terms(grace=150))
    assert changes(done)[-1] == ("down", 210, "missed")
    assert decided(done)[1:] == [
        (60, None, "missed"),
        (120, None, "missed"),
        (180, None, "missed"),
        (240, None, "missed"),
    ]


def test_a_ping_behind_a_deadline_that_is_not_over_yet_waits():
    standing = after((1, "ok"), until=30).standing
    came = [Ping(1, at(70) + timedelta(seconds=0.5), Kind.SUCCESS)]
    done = fold(terms(), standing, came, at(70) - timedelta(seconds=1))
    assert (done.taken, done.turns) == (0, ())
    assert fold(terms(), standing, came, at(71)).taken == 1


def test_long_silence_is_decided_in_portions():
    standing = after((0, "ok"), until=1, held=terms(Period(timedelta(minutes=1)))).standing
    done = after(until=5_000, held=terms(Period(timedelta(minutes=1))), standing=standing)
    assert len(done.runs) == 500
    assert next_look(terms(Period(timedelta(minutes=1))), done.standing) < at(5_000)


def test_after_a_pause_what_was_known_is_expected_again():
    standing = after((1, "ok"), until=30).standing
    assert resumed(terms(), standing, at(130), known=True).expected == at(180)
    assert resumed(terms(), NEW, at(130), known=False).expected is None


@pytest.mark.parametrize(("minutes", "expected"), [(10, 95), (120, 121)])
def test_new_terms_judge_nothing_that_lies_before_them(minutes, expected):
    standing = after((1, "ok"), until=30, held=terms(Period(timedelta(minutes=60)))).standing
    held = terms(Period(timedelta(minutes=minutes)))
    assert rescheduled(held, standing, at(95), at(1)).expected == at(expected)
