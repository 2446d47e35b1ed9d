"""When a job is expected: periods, cron and calendar events, across clock changes, and what is refused."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitors.heartbeats.oncalendar import CalendarError, read_event
from monitors.heartbeats.schedules import ScheduleError, next_runs, read_schedule

BERLIN = "Europe/Berlin"


def runs(way, expression, after, count=4, zone="UTC", period_s=3600):
    schedule = read_schedule(way, period_s=period_s, expression=expression, zone=zone)
    return [at.strftime("%m-%d %H:%M") for at in next_runs(schedule, after, count)]


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_a_period_counts_from_the_ping_before():
    assert runs("period", "", utc(2026, 3, 1, 9, 7), 2) == ["03-01 10:07", "03-01 11:07"]


def test_cron_is_read_in_its_zone():
    assert runs("cron", "30 2 * * 1-5", utc(2026, 1, 2), 2, BERLIN) == ["01-02 01:30", "01-05 01:30"]


@pytest.mark.parametrize(
    ("way", "expression", "expected"),
    [
        # cron runs a skipped job when the gap is over, systemd leaves it out; each as its users know it
        ("cron", "30 2 * * *", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        ("oncalendar", "*-*-* 02:30", ["03-28 01:30", "03-30 00:30", "03-31 00:30"]),
    ],
)
def test_a_time_that_spring_leaves_out(way, expression, expected):
    assert runs(way, expression, utc(2026, 3, 27, 12), 3, BERLIN) == expected


@pytest.mark.parametrize(("way", "expression"), [("cron", "30 2 * * *"), ("oncalendar", "*-*-* 02:30")])
def test_a_time_that_autumn_has_twice_is_expected_once(way, expression):
    assert runs(way, expression, utc(2026, 10, 24, 12), 2, BERLIN) == ["10-25 00:30", "10-26 01:30"]


@pytest.mark.parametrize(("way", "expression"), [("cron", "0,30 * * * *"), ("oncalendar", "*:0/30")])
def test_what_runs_every_half_hour_runs_in_the_repeated_hour_too(way, expression):
    found = runs(way, expression, utc(2026, 10, 24, 23, 45), 6, BERLIN)
    assert found == ["10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30", "10-25 02:00", "10-25 02:30"]


def test_of_several_calendar_events_the_earliest_is_next():
    assert runs("oncalendar", "Sat 12:00\n*-*-01 03:00", utc(2026, 5, 28), 3) == [
        "05-30 12:00",
        "06-01 03:00",
        "06-06 12:00",
    ]


def test_an_event_in_the_past_does_not_come_again():
    assert runs("oncalendar", "2026-02-01", utc(2026, 3, 1)) == []


@pytest.mark.parametrize(
    ("way", "expression", "zone", "field"),
    [
        ("cron", "* * * *", "UTC", "expression"),
        ("cron", "0 0 30 2 *", "UTC", "expression"),
        ("cron", "", "UTC", "expression"),
        ("cron", "@daily", "UTC", "expression"),
        ("cron", "61 * * * *", "UTC", "expression"),
        ("oncalendar", "Fri..Mon 12:00", "UTC", "expression"),
        ("oncalendar", "*-13-01", "UTC", "expression"),
        ("oncalendar", "*:0/0", "UTC", "expression"),
        ("oncalendar", "*-*-* 25:00", "UTC", "expression"),
        ("oncalendar", "12:00 *-*-*", "UTC", "expression"),
        ("oncalendar", "\x00", "UTC", "expression"),
        ("oncalendar", "2020-01-01", "UTC", "expression"),
        ("oncalendar", "*-02-30", "UTC", "expression"),
        ("oncalendar", "x" * 500, "UTC", "expression"),
        ("cron", "0 0 * * *", "Mars/Olympus", "zone"),
        ("cron", "0 0 * * *", "../etc/passwd", "zone"),
        ("period", "", "Mars/Olympus", "zone"),
        ("monthly", "", "UTC", "schedule"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(way, expression, zone, field):
    with pytest.raises(ScheduleError) as refused:
        read_schedule(way, period_s=60, expression=expression, zone=zone)
    assert refused.value.field == field
    assert refused.value.sentence.endswith(".")


EVENTS = (
    "daily", "hourly", "weekly", "quarterly", "Mon..Fri *-*-* 02:30", "*-*~01 09:00", "*-*~3", "Mon *-05~07/1", "*:0/15",
    "*-02-29", "Fri *-*-13", "*-*-01..07,20 5,17:10/20", "*-*~1..3", "*-*~5/2", "10-15", "2027-*-1", "sat,sunday 12:00",
    "2020-01-01", "*-*-1/5", "9..17/2:00", "Mon,", "*-*-* 02:30:00 Europe/Berlin", "*-*-* *:30 Europe/Berlin",
    "02:30 Europe/Berlin", "Sun *-*-* 01:00 Europe/Dublin", "*-10-24..26 02:30 Europe/Berlin", "*-*-* 1:2:3",
)  # fmt: skip
BASES = ("2026-03-01 00:00:00", "2026-03-28 12:00:00", "2026-10-24 12:00:00", "2027-12-31 23:59:59")


@pytest.mark.parametrize("text", EVENTS)
def test_systemd_itself_agrees(text):
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze: install the package systemd")
    for base in BASES:
        after, found = datetime.fromisoformat(base).replace(tzinfo=UTC), []
        event = read_event(text)
        while len(found) < 4 and (moment := event.after(after, ZoneInfo("UTC"))):
            found.append(moment.strftime("%Y-%m-%d %H:%M:%S"))
            after = moment
        assert found == systemd(text, base), base


def systemd(text, base):
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=4", f"--base-time={base} UTC", text],
        capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    return re.findall(r"(?:\(in UTC\)|Next elapse|Iter\. #\d): *\w+ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", done.stdout)


@pytest.mark.parametrize("text", ["Fri..Mon *-*-*", "*:0/70", "@x", "12", "Mon Tue 12:00", "*-*-* 12:00 13:00"])
def test_what_systemd_refuses_is_refused_here_too(text):
    with pytest.raises(CalendarError):
        read_event(text)


def test_a_year_of_minutes_is_found_at_once():
    event, after = read_event("Mon *-*-* *:0/1"), utc(2026, 10, 25)
    for _ in range(200):
        after = event.after(after, ZoneInfo(BERLIN))
    assert after - utc(2026, 10, 25) < timedelta(days=2)
