"""Numbers, durations and sentences that people read at night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents import wording
from incidents.numbers import format_number, parse_number, year_of
from incidents.story import LINES, Line, sentence

GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
AT = datetime(2026, 3, 17, 3, 12, tzinfo=UTC)


@given(st.integers(2020, 2999), st.integers(1, 200_000))
def test_a_number_reads_back(year, serial):
    assert parse_number(format_number(year, serial)) == (year, serial)


def test_numbers_have_four_digits_and_more_when_needed():
    assert format_number(2026, 42) == "INC-2026-0042"
    assert format_number(2026, 12345) == "INC-2026-12345"
    with pytest.raises(ValueError):
        format_number(2026, 0)


@pytest.mark.parametrize("text", ["", "INC-2026", "INC-26-0042", "INC-2026-42", "PM-2026-0042", "INC-2026-0042x"])
def test_what_is_no_number_is_not_read_as_one(text):
    assert parse_number(text) is None


def test_the_year_is_the_organisations_not_utcs():
    new_year_in_berlin = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert year_of(new_year_in_berlin, ZoneInfo("Europe/Berlin")) == 2027
    assert year_of(new_year_in_berlin, ZoneInfo("UTC")) == 2026


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (42, "42 s"), (60, "1 min"), (370.9, "6 min 10 s"), (18600, "5 h 10 min"), (3600, "1 h"), (86400 * 6 + 3600 * 4 + 59, "6 d 4 h"), (-5, "0 s")],
)  # fmt: skip
def test_durations_have_at_most_two_units_and_are_never_rounded_up(seconds, words):
    assert wording.spoken_duration(timedelta(seconds=seconds)) == words


def test_the_answer_to_an_acknowledge_says_who_was_spared():
    assert wording.acknowledged("INC-2026-0042", AT) == (
        "Acknowledged INC-2026-0042 at 03:12. Nobody else will be called."
    )
    assert wording.acknowledged("INC-2026-0042", AT, ["Mara"]).endswith(" Mara was not called.")
    assert wording.acknowledged("INC-2026-0042", AT, ["Mara", "Bo"], ["INC-2026-0043 [13]"]).endswith(
        " Mara and Bo were not called. Still open: INC-2026-0043 [13]."
    )


def test_answers_fit_the_alphabet_of_sms():
    answers = [
        wording.acknowledged("INC-2026-0042", AT, ["Mara"], ["INC-2026-0043 [13]"]),
        wording.already_acknowledged("INC-2026-0042", "Ben", AT, same_person=False),
        wording.already_acknowledged("INC-2026-0042", "Ben", AT, same_person=True),
        wording.already_resolved("INC-2026-0042", AT),
        wording.resolved("INC-2026-0042", AT, ["INC-2026-0043 [13]"]),
        wording.stood_down("INC-2026-0042", "Checkout is down", "recovered by itself", timedelta(minutes=6)),
        wording.no_such_code("99", ["INC-2026-0043 [13]"]),
        wording.no_such_code("99", []),
        wording.nothing_to_answer(),
        wording.not_understood(["INC-2026-0043 [13]"]),
        wording.not_allowed("INC-2026-0042", "viewer"),
    ]
    for answer in answers:
        assert set(answer) <= GSM7, answer
        assert len(answer) <= 160, answer


def test_titles_name_the_condition_in_words():
    assert wording.title_of("Checkout API", "down") == "Checkout API is down"
    assert wording.title_of("Checkout API", "odd_thing") == "Checkout API reports odd thing"


@pytest.mark.parametrize("kind", LINES)
def test_every_kind_of_line_has_a_sentence(kind):
    line = Line(kind, who="Ben Okafor", how="link in SMS to +44 … 80", data={}, names={})
    assert sentence(line).endswith(".")


def test_the_timeline_says_who_when_and_how():
    line = Line("acknowledged", "Ben Okafor", "link in SMS to +44 … 80", {"spared": ["usr_m"]}, {"usr_m": "Mara"})
    assert sentence(line) == (
        "Ben Okafor acknowledged by link in SMS to +44 … 80. Nobody else will be called. Mara was not called."
    )
