"""What holds of every heartbeat: the outcome never depends on when somebody looked, and a schedule only goes forward."""

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitors.heartbeats.address import BadAddress, read_address, read_rid
from monitors.heartbeats.fold import Kind, Ping, Standing, Terms, fold
from monitors.heartbeats.oncalendar import CalendarError, read_event
from monitors.heartbeats.schedules import Period, ScheduleError, read_schedule
from monitors.states import State

T0 = datetime(2026, 10, 24, 20, tzinfo=UTC)  # autumn's clock change is a few hours ahead
NEW = Standing(State.UNKNOWN)
SCHEDULES = (
    Period(timedelta(minutes=10)),
    read_schedule("cron", period_s=0, expression="*/15 * * * *", zone="Europe/Berlin"),
    read_schedule("cron", period_s=0, expression="30 2 * * *", zone="Europe/Berlin"),
    read_schedule("oncalendar", period_s=0, expression="*:0/20", zone="UTC"),
)

minutes = st.integers(min_value=0, max_value=60 * 12)
pings = st.lists(
    st.tuples(minutes, st.sampled_from(list(Kind)), st.sampled_from(["", "a", "b"]), st.sampled_from([None, 0, 3])),
    max_size=12,
)
terms = st.builds(
    lambda schedule, grace, limit, early: Terms(schedule, *(timedelta(minutes=m) for m in (grace, limit, early))),
    st.sampled_from(SCHEDULES),
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(0, 5),
)


def stored(drawn):
    made = [Ping(n, T0 + timedelta(minutes=m), kind, rid, status) for n, (m, kind, rid, status) in enumerate(drawn)]
    return sorted(made, key=lambda ping: ping.at)


@given(terms, pings, st.lists(minutes, max_size=8))
def test_looking_often_or_once_makes_no_difference(held, drawn, looks):
    came, end = stored(drawn), T0 + timedelta(hours=13)
    once = fold(held, NEW, came, end)
    standing, turns, runs, left = NEW, (), (), came
    for moment in [*sorted(T0 + timedelta(minutes=m) for m in looks), end]:
        known = [ping for ping in left if ping.at <= moment]
        part = fold(held, standing, known, moment)
        assert part.taken == len(known)
        standing, turns, runs, left = part.standing, turns + part.turns, runs + part.runs, left[part.taken :]
    assert (standing, turns, runs) == (once.standing, once.turns, once.runs)


@given(terms, pings)
def test_changes_alternate_and_go_forward_and_no_expected_run_is_decided_twice(held, drawn):
    done = fold(held, NEW, stored(drawn), T0 + timedelta(hours=13))
    assert [turn.at for turn in done.turns] == sorted(turn.at for turn in done.turns)
    assert all(one.state is not two.state for one, two in zip(done.turns, done.turns[1:], strict=False))
    if held.schedule.fixed:
        expected = [run.expected for run in done.runs if run.expected]
        assert len(expected) == len(set(expected))


@given(
    st.sampled_from(["30 2 * * *", "*/7 * * * *", "15 3 * * 7", "0 0 1 * *"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 400 * 24 * 60),
)
def test_cron_goes_forward_in_every_zone(expression, zone, offset):
    goes_forward(read_schedule("cron", period_s=0, expression=expression, zone=zone), offset)


@given(
    st.sampled_from(["*-*-* 02:30", "*:0/7", "Sun 03:15", "*-*~1 00:00", "*-*-* 01,02:*:30"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 400 * 24 * 60),
)
def test_a_calendar_goes_forward_in_every_zone(expression, zone, offset):
    goes_forward(read_schedule("oncalendar", period_s=0, expression=expression, zone=zone), offset)


def goes_forward(schedule, offset):
    """The next is later, is the same from everywhere before it, and is followed by a later one."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=offset)
    first = schedule.after(start)
    assert first > start
    assert schedule.after(start + (first - start) / 2) == first
    assert schedule.after(first - timedelta(microseconds=1)) == first
    assert schedule.after(first) > first


pieces = st.sampled_from(
    [
        "Mon",
        "Fri",
        "Fri..",
        ",",
        "5",
        "29",
        "31",
        "*-*",
        "*",
        "-",
        "~",
        "..",
        "/",
        "/7",
        ":",
        "12",
        "59",
        "99",
        "Europe/Berlin",
        "UTC",
        " ",
        "\n",
    ]
)


@given(st.text(max_size=80) | st.lists(pieces, max_size=12).map("".join))
def test_any_text_is_a_calendar_event_or_refused(text):
    try:
        event = read_event(text)
    except CalendarError:
        return
    found = event.after(T0, ZoneInfo("UTC"))
    assert found is None or found > T0


@given(st.text(max_size=60))
def test_any_text_is_cron_or_refused(text):
    try:
        read_schedule("cron", period_s=0, expression=text, zone="UTC")
    except ScheduleError as refused:
        assert refused.field == "expression"


@given(
    st.text(max_size=120) | st.from_regex(r"[0-9a-zA-Z_-]{1,40}(/[a-z0-9-]{0,10}){0,3}/?", fullmatch=True), st.text()
)
def test_any_path_and_run_id_are_read_or_refused(path, rid):
    try:
        told = read_address(path)
    except BadAddress:
        pass
    else:
        assert told.key and told.exit_status in {None, *range(256)}
    with contextlib.suppress(BadAddress):
        assert read_rid(rid) == rid.lower()
