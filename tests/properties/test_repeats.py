"""The days of a rule are those that dateutil says, for every rule that is read; and none is looked at beyond what was asked."""

from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from oncall.repeats import FREQUENCIES, WEEKDAYS, RepeatError, days, matches, read_repeat

START = date(2024, 1, 1)


def midnight(day):
    """A day as a wall shows it."""
    return datetime.combine(day, time())


@st.composite
def rules(draw):
    freq = draw(st.sampled_from(FREQUENCIES))
    parts = {"FREQ": freq, "INTERVAL": str(draw(st.integers(1, 4)))}
    if draw(st.booleans()):
        # not both in one rule: dateutil asks for a day that is both, the standard for any of them
        numbered = freq in ("MONTHLY", "YEARLY") and draw(st.booleans())
        places = st.sampled_from(["1", "2", "-1", "5"]) if numbered else st.just("")
        held = draw(st.lists(st.tuples(places, st.sampled_from(WEEKDAYS)), min_size=1, max_size=3, unique=True))
        parts["BYDAY"] = ",".join(place + weekday for place, weekday in held)
    if draw(st.booleans()):
        parts["BYMONTH"] = ",".join(map(str, draw(st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True))))
    if freq != "WEEKLY" and draw(st.booleans()):
        held = draw(st.lists(st.sampled_from([1, 13, 28, 29, 30, 31, -1, -3]), min_size=1, max_size=3, unique=True))
        parts["BYMONTHDAY"] = ",".join(map(str, held))
    if draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 40)))
    parts["WKST"] = draw(st.sampled_from(["MO", "SU"]))
    return parts


@given(rules(), st.integers(0, 900), st.integers(0, 600))
def test_they_are_the_days_that_dateutil_says(parts, begins, looked):
    first, start = START + timedelta(days=begins), START + timedelta(days=looked)
    end, rule = start + timedelta(days=800), read_repeat(parts, None)
    # dateutil looks for a day that never comes up to the year 9999, so it is asked only where one comes soon
    assume(any(matches(rule, first, end + timedelta(days=more)) for more in range(1, 1500)))
    said = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=midnight(first))
    expected = {one.date() for one in said.between(midnight(start), midnight(end), inc=True)}
    assert {day for day in days(rule, first, start, end) if day} == expected


@given(rules(), st.integers(0, 900))
def test_no_more_days_are_looked_at_than_there_are(parts, begins):
    first, end = START + timedelta(days=begins), START + timedelta(days=1000)
    assert len(list(days(read_repeat(parts, None), first, first, end))) <= 1001


def test_what_is_not_read_is_refused():
    for text in (
        "FREQ=HOURLY",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=WEEKLY;BYDAY=2MO",
        "FREQ=DAILY;BYDAY=XX",
        "",
    ):
        parts = dict(part.split("=") for part in text.split(";") if part)
        try:
            read_repeat(parts, None)
        except RepeatError:
            continue
        raise AssertionError(text)
