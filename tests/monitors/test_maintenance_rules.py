"""What a window mutes and what it excludes: the rules as a table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitors.maintenance_rules import Contract, Window, excludes, muting, rulings, state_of

START = datetime(2026, 3, 22, 2, tzinfo=UTC)
END = START + timedelta(hours=2)
HOUR = timedelta(hours=1)
PLANNED = Window(
    planned_start=START,
    planned_end=END,
    recorded_at=START - 72 * HOUR,
    requested_by="usr_a",
    announced_at=START - 48 * HOUR,
    approved_at=START - 60 * HOUR,
    approved_by="usr_b",
)
DAY_AHEAD = Contract(notice_s=86_400)


def test_a_window_that_kept_every_rule_is_excluded_whole():
    ruling = excludes(PLANNED, DAY_AHEAD)
    assert (ruling.counts, ruling.start, ruling.end, ruling.seconds) == (True, START, END, 7200)


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        ({"recorded_at": START + HOUR}, "recorded after it began"),
        ({"recorded_at": START}, "recorded after it began"),
        ({"approved_at": None, "approved_by": ""}, "Nobody had approved it"),
        ({"approved_at": START + HOUR}, "Nobody had approved it"),
        ({"approved_by": "usr_a"}, "Whoever asked for it approved it"),
        ({"announced_at": None}, "not announced"),
        ({"announced_at": START - 23 * HOUR}, "Announced 82800 s ahead"),
        ({"ending": "cancelled"}, "did not take place"),
        ({"part": 1}, "extension"),
        ({"ended_at": START, "ending": "ended_early"}, "ended before it began"),
    ],
)
def test_a_window_that_broke_a_rule_is_not_and_the_reason_is_said(differs, why):
    ruling = excludes(replace(PLANNED, **differs), DAY_AHEAD)
    assert (ruling.counts, ruling.seconds) == (False, 0) and why in ruling.why


def test_one_person_alone_is_an_exception_that_is_told():
    ruling = excludes(replace(PLANNED, approved_by="usr_a", approved_alone=True), DAY_AHEAD)
    assert ruling.counts and "recorded exception" in ruling.why


def test_ending_early_gives_the_rest_back():
    ruling = excludes(replace(PLANNED, ended_at=START + HOUR, ending="ended_early"), DAY_AHEAD)
    assert ruling.seconds == 3600


def test_the_allowance_of_the_month_ends_inside_a_window_and_then_excludes_nothing():
    contract = Contract(allowance_s=10_000)
    assert excludes(PLANNED, contract).seconds == 7200
    assert excludes(PLANNED, contract, used_s=7200).seconds == 2800
    assert not excludes(PLANNED, contract, used_s=10_000).counts


def test_a_month_takes_its_part_of_each_window_and_spends_the_allowance_once():
    later = replace(PLANNED, planned_start=START + HOUR, planned_end=END + HOUR)
    far = replace(PLANNED, planned_start=END + 9 * HOUR, planned_end=END + 11 * HOUR)
    month = (START - HOUR, END + 10 * HOUR)
    first, second, third = rulings([PLANNED, later, far], Contract(allowance_s=4 * 3600), *month)
    assert (first.start, first.end) == (START, END)
    assert (second.start, second.end) == (END, END + HOUR), "the hour both cover is excluded once"
    assert (third.start, third.end) == (END + 9 * HOUR, END + 10 * HOUR), "and the month ends in the last"
    short = rulings([far, PLANNED], Contract(allowance_s=9000), *month)
    assert [one.seconds for one in short] == [1800, 7200], "the earliest spends first, whatever the order"
    assert "ends in it" in short[0].why
    assert not rulings([far], Contract(), START, END)[0].counts


def test_an_agreement_without_notice_needs_no_announcement():
    assert excludes(replace(PLANNED, announced_at=None), Contract()).counts


def test_it_mutes_from_its_approval_and_never_before():
    assert muting(PLANNED) == (START, END)
    assert muting(replace(PLANNED, approved_at=None)) is None
    assert muting(replace(PLANNED, approved_at=START + HOUR)) == (START + HOUR, END)
    assert muting(replace(PLANNED, approved_at=END)) is None
    assert muting(replace(PLANNED, ending="superseded")) is None


def test_an_extension_mutes_without_approval():
    assert muting(replace(PLANNED, part=1, approved_at=None)) == (START, END)


@pytest.mark.parametrize(
    ("differs", "at", "word"),
    [
        ({"approved_at": None}, START - HOUR, "planned"),
        ({"approved_at": None}, END, "lapsed"),
        ({}, START - HOUR, "approved"),
        ({}, START, "active"),
        ({"part": 1}, START, "extended"),
        ({}, END, "ended"),
        ({"ending": "ended_early", "ended_at": START + HOUR}, END, "ended_early"),
        ({"ending": "cancelled"}, START, "cancelled"),
    ],
)
def test_where_a_window_stands(differs, at, word):
    assert state_of(replace(PLANNED, **differs), at) == word
