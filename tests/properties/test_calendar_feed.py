"""A calendar says what the resolver says, at every instant, and calls an entry by one name for as long as it lives."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from oncall.calendar_text import Entry, calendar_text
from oncall.rota.calendar import Window
from oncall.rota.resolve import on_call
from oncall.rota.stretches import stretches, uid
from tests.oncall.rota_drawn import DAY, MINUTE, a_schedule

ROLES = ("primary", "secondary")
# half-hour and hour changes, none, and a day that never was
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC")
CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
)


def drawn(seed, zone, near):
    start, end = near - 2 * DAY, near + 5 * DAY
    return a_schedule(random.Random(seed), zone, start, end, near, roles=ROLES), Window(start, end)


@given(st.integers(0, 2**32), st.sampled_from(ZONES), st.sampled_from(CHANGES))
def test_the_people_of_the_entries_at_an_instant_are_those_of_the_resolver(seed, zone, near):
    schedule, within = drawn(seed, zone, near)
    for role in ROLES:
        held = stretches(schedule, within, role)
        edges = {edge for one in held for edge in (one.start, one.end)} | {within.start, near}
        for at in sorted(edge for edge in edges if within.start <= edge < within.end):
            said = sorted(one.person.id for one in held if one.start <= at < one.end)
            assert said == sorted(person.id for person in on_call(schedule, at, role).people)


@given(st.integers(0, 2**32), st.sampled_from(ZONES), st.sampled_from(CHANGES), st.integers(1, 7 * 24 * 60))
def test_an_entry_keeps_its_name_whatever_window_it_is_read_in(seed, zone, near, minutes):
    schedule, within = drawn(seed, zone, near)
    longer = Window(within.start, within.end + minutes * MINUTE)
    for role in ROLES:
        first = {uid("s", one): one for one in stretches(schedule, within, role)}
        later = {uid("s", one): one for one in stretches(schedule, longer, role)}
        assert len(first) == len(stretches(schedule, within, role))
        assert all(later[name] == one for name, one in first.items())


text = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=120)


@given(text, text, st.integers(0, 2**32))
def test_what_is_written_is_read_back_and_no_line_is_too_long(name, summary, seconds):
    start = datetime.fromtimestamp(seconds, UTC)
    entry = Entry("a@watchbook", start, start + timedelta(hours=8), summary, "x", start)
    written = calendar_text(name, "Europe/Berlin", [entry])
    assert all(len(line) <= 75 for line in written.split(b"\r\n")) and written.endswith(b"\r\n")
    (event,) = Calendar.from_ical(written).walk("VEVENT")
    assert (event["uid"], str(event["summary"])) == ("a@watchbook", summary)
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (start, start + timedelta(hours=8))
