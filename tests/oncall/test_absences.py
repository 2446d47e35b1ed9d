"""Absences and holidays come from a file, are held against shifts, change none, and can be taken back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock
from oncall.absences import clashes_of, clashes_of_person
from oncall.calendar_read import MOST_BYTES, CalendarError, read_calendar
from oncall.models import Absence, AbsenceCalendar, OnCallInterval, Override
from oncall.rota.calendar import Window
from oncall.rota.resolve import shifts
from oncall.schedules import planned
from oncall.services.absences import AbsencesWithdrawn, take_absences, withdraw_absences
from oncall.services.schedules import add_layer
from tests import builders
from tests.api import cast
from tests.builders import NIGHT, REASON

BERLIN = ZoneInfo("Europe/Berlin")
YEAR = Window(NIGHT, NIGHT + timedelta(days=400))
DAY = timedelta(days=1)


def ics(*events):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN"]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}@example", "DTSTAMP:20260101T000000Z", *event.split(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(*events, zone=BERLIN):
    return [f"{one.start:%m-%d %H:%M}/{one.end:%m-%d %H:%M}" for one in read_calendar(ics(*events), zone, YEAR).away]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        # whole days are days of the wall: 29 March has 23 hours in Berlin
        ("DTSTART;VALUE=DATE:20260329 DTEND;VALUE=DATE:20260330", ["03-28 23:00/03-29 22:00"]),
        ("DTSTART;VALUE=DATE:20260501", ["04-30 22:00/05-01 22:00"]),
        ("DTSTART:20260401T080000Z DTEND:20260401T120000Z", ["04-01 08:00/04-01 12:00"]),
        ("DTSTART:20260401T080000 DURATION:PT4H", ["04-01 06:00/04-01 10:00"]),
        ("DTSTART;TZID=America/New_York:20260401T080000 DTEND;TZID=America/New_York:20260401T090000", ["04-01 12:00/04-01 13:00"]),
        ("DTSTART;VALUE=DATE:20250501 RRULE:FREQ=YEARLY", ["04-30 22:00/05-01 22:00"]),
        ("DTSTART:20260327T080000 DURATION:PT1H RRULE:FREQ=WEEKLY;COUNT=2", ["03-27 07:00/03-27 08:00", "04-03 06:00/04-03 07:00"]),
        ("DTSTART:20260327T080000 DURATION:PT1H RRULE:FREQ=WEEKLY;UNTIL=20260403T060000Z EXDATE:20260327T080000", ["04-03 06:00/04-03 07:00"]),
        ("DTSTART:20260401T080000Z DURATION:PT1H STATUS:CANCELLED", []),
        ("DTSTART:20250401T080000Z DURATION:PT1H", []),
    ],
)  # fmt: skip
def test_what_calendars_write_is_read(event, told):
    assert read(event) == told


def test_one_time_of_a_series_that_was_moved_is_read_where_it_was_moved_to():
    series = "DTSTART:20260401T080000 DURATION:PT1H RRULE:FREQ=DAILY;COUNT=2"
    data = ics(series, "DTSTART:20260405T080000 DURATION:PT1H RECURRENCE-ID:20260402T080000").replace(
        b"1@example", b"0@example"
    )
    assert [f"{one.start:%d}" for one in read_calendar(data, BERLIN, YEAR).away] == ["01", "05"]


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:20260401T080000Z RRULE:FREQ=SECONDLY",
        "DTSTART:20260401T080000Z DURATION:PT1H RRULE:FREQ=DAILY;BYSECOND=1,2,3",
        "DTSTART:20260401T080000Z DURATION:PT1H RRULE:FREQ=DAILY;INTERVAL=0",
        "DTSTART;VALUE=DATE:00010101 RRULE:FREQ=DAILY",
        "DTSTART:20260401T080000Z DTEND:20260401T080000Z",
        "DTSTART:20260401T080000Z DTEND:20290401T080000Z",
        "DTEND:20260401T080000Z",
        "DTSTART:yesterday",
        "DTSTART:20260401T080000Z DURATION:PT1H RRULE:FREQ=NEVER",
    ],
)
def test_what_cannot_be_read_or_would_cost_too_much_is_left_out_and_said(event):
    found = read_calendar(ics(event, "DTSTART;VALUE=DATE:20260501"), BERLIN, YEAR)
    assert (len(found.away), len(found.left_out)) == (1, 1)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\xff\xfe\x00", b"BEGIN:VCALENDAR", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", b"x" * (MOST_BYTES + 1)],
)
def test_what_is_no_calendar_is_refused_in_a_sentence(data):
    with pytest.raises(CalendarError):
        read_calendar(data, BERLIN, YEAR)


lines = st.sampled_from(
    ["BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "DTSTART:20260401T080000Z", "DTSTART;VALUE=DATE:20260401",
     "DTEND:x", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY;COUNT=-1", "RRULE:", "EXDATE:20260401", "DURATION:-P1D", "UID:1", "DTSTART;TZID=No/Where:20260401T080000",
     "RECURRENCE-ID:20260401", "SUMMARY:x", ";;;", "SUMMARY"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=400), st.lists(lines, max_size=14).map(lambda held: "\r\n".join(held).encode())))
def test_no_file_breaks_the_reader(data):
    try:
        found = read_calendar(data, BERLIN, YEAR)
    except CalendarError as error:
        assert str(error).endswith(".")
    else:
        assert all(one.start < one.end and one.start < YEAR.end and one.end > YEAR.start for one in found.away)


@pytest.fixture
def shop(db):
    team = builders.team()
    people = [builders.person(name, team=team) for name in ("Ana", "Ben")]
    return people, builders.schedule(*people, team=team)


def test_an_absence_meets_the_shift_of_its_person_and_changes_nothing(shop):
    (ana, ben), schedule = shop
    before = shifts(planned(schedule, NIGHT), YEAR)
    leave = ics("SUMMARY:Wedding DTSTART;VALUE=DATE:20260325 DTEND;VALUE=DATE:20260402")
    made, _ = take_absences(name="Leave", data=leave, person=ben, by=ben, now=NIGHT)
    (clash,) = clashes_of(schedule, YEAR)
    # Ben's own days are those of his zone, which is UTC; his week ends on Monday at 09:00 in Berlin
    assert (clash.kind, clash.conflict.person.id, clash.what) == ("away", ben.public_id, "Wedding")
    assert (clash.conflict.start, clash.conflict.end) == (
        datetime(2026, 3, 25, tzinfo=UTC),
        datetime(2026, 3, 30, 7, tzinfo=UTC),
    )
    assert clashes_of_person(ben, YEAR) == [clash] and clashes_of_person(ana, YEAR) == []
    assert shifts(planned(schedule, NIGHT), YEAR) == before
    assert (Override.objects.count(), OnCallInterval.objects.count()) == (0, 1)
    withdraw_absences(made, now=NIGHT, reason=REASON)
    assert clashes_of(schedule, YEAR) == []
    assert Absence.objects.count() == 1, "it stays on record"
    with pytest.raises(AbsencesWithdrawn):
        withdraw_absences(made, now=NIGHT, reason=REASON)


def test_a_holiday_meets_whoever_is_on_call(shop):
    (ana, ben), schedule = shop
    data = ics("SUMMARY:Labour DTSTART;VALUE=DATE:20260501")
    take_absences(name="Holidays", data=data, schedule=schedule, by=ana, now=NIGHT)
    (clash,) = clashes_of(schedule, YEAR)
    assert (clash.kind, clash.what, clash.conflict.start) == (
        "holiday",
        "Labour",
        datetime(2026, 4, 30, 22, tzinfo=UTC),
    )
    elsewhere = builders.schedule(ben, name="Night", team=schedule.team)
    assert clashes_of(elsewhere, YEAR) == []


def test_who_would_be_their_own_second_is_a_conflict_too(shop):
    (ana, _), schedule = shop
    add_layer(
        schedule, name="Second", zone="UTC", unit="weeks", lengths=[1], starts="2026-03-02T00:00", people=[ana.public_id],
        role="secondary", now=NIGHT, reason=REASON,
    )  # fmt: skip
    found = clashes_of(schedule, Window(NIGHT, NIGHT + 5 * DAY))
    assert [(one.kind, one.conflict.roles) for one in found] == [("doubled", ("primary", "secondary"))]


def test_a_file_without_anything_to_come_is_refused_and_nothing_is_kept(shop):
    (ana, _), _ = shop
    for data in (ics(), ics("DTSTART;VALUE=DATE:20250101"), b"nonsense"):
        with pytest.raises(CalendarError):
            take_absences(name="Leave", data=data, person=ana, by=ana, now=NIGHT)
    assert AbsenceCalendar.objects.count() == 0


def test_history_and_ledger_hold_no_title(shop):
    (ana, _), _ = shop
    made, _ = take_absences(
        name="Leave", data=ics("SUMMARY:Surgery DTSTART;VALUE=DATE:20260325"), person=ana, by=ana, now=NIGHT
    )
    assert not [
        row for row in AbsenceCalendar.history.filter(public_id=made.public_id).values() if "Surgery" in str(row)
    ]


def test_by_program_the_title_is_for_the_person_and_who_arranges_them(db):
    now = clock.now()
    team = builders.team(now=now)
    ana = cast.person("responder", "Ana", team=team)
    schedule = builders.schedule(ana, team=team, starts="2020-01-06T09:00", now=now)
    day = f"{now + 2 * DAY:%Y%m%d}"
    body = {"name": "Leave", "person": ana.public_id, "ics": ics(f"SUMMARY:Surgery DTSTART;VALUE=DATE:{day}").decode()}
    mine = cast.client(ana)
    made = mine.post("/api/v1/absence-calendars/", body, "json")
    assert (made.status_code, made.json()["times"], made.json()["not_read"]) == (201, 1, [])
    within = {"start": now.isoformat(), "end": (now + 9 * DAY).isoformat()}
    address = f"/api/v1/schedules/{schedule.public_id}/conflicts/"
    others = cast.client(cast.person("viewer", "Vera"))
    assert [one["what"] for one in mine.post(address, within, "json").json()["conflicts"]] == ["Surgery"]
    assert [one["what"] for one in others.post(address, within, "json").json()["conflicts"]] == [""]
    assert others.post("/api/v1/absence-calendars/", body, "json").status_code == 403
    bad = mine.post("/api/v1/absence-calendars/", {**body, "ics": "nonsense"}, "json")
    assert (bad.status_code, cast.problems(bad)) == (400, ["ics"])


def test_on_the_page_a_file_is_taken_in_and_withdrawn(shop, client):
    (ana, _), _ = shop
    client.force_login(ana)
    page = f"/people/{ana.public_id}/absences/"
    days = [f"{clock.now() + count * DAY:%Y%m%d}" for count in (1, 15)]
    wedding = ics("SUMMARY:Wedding DTSTART;VALUE=DATE:{} DTEND;VALUE=DATE:{}".format(*days)).decode()
    sent = client.post(page, {"name": "Leave", "text": wedding})
    assert sent.status_code == 302
    told = client.get(page).content.decode()
    assert "Wedding" in told and "Leave" in told
    assert client.post(f"/absences/{AbsenceCalendar.objects.get().public_id}/withdraw/").status_code == 302
    assert "Wedding" not in client.get(page).content.decode()
    assert client.post(page, {"name": "Leave", "text": "nonsense"}).status_code == 422
