"""Lengths, ages, counts and ratios are said in one way everywhere."""

from datetime import UTC, datetime, timedelta

import pytest

from config.wording import age, count, length, listed, milliseconds, numeral, ratio

NOW = datetime(2026, 3, 17, 2, 14, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (1160, "19 min 20 s"),
        (18600, "5 h 10 min"),
        (3605, "1 h"),
        (532800, "6 d 4 h"),
        (-90, "1 min 30 s"),
    ],
)
def test_a_length_has_at_most_two_neighbouring_units(seconds, said):
    assert length(seconds) == said
    assert length(timedelta(seconds=seconds)) == said


def test_an_age_is_one_unit_and_knows_the_future():
    assert age(NOW - timedelta(seconds=12), NOW) == "12 s ago"
    assert age(NOW - timedelta(hours=5, minutes=59), NOW) == "5 h ago"
    assert age(NOW + timedelta(seconds=220), NOW) == "in 3 min"


@pytest.mark.parametrize(
    ("percent", "said"), [(99.9999, "99.999"), (100, "100.000"), ("99.9995", "99.999"), (0, "0.000")]
)
def test_a_ratio_is_never_rounded_up(percent, said):
    assert ratio(percent) == said


def test_counts_and_lists_read_as_sentences():
    assert count(1, "monitor") == "1 monitor"
    assert count(1024, "check") == "1,024 checks"
    assert count(2, "person", "people") == "2 people"
    assert listed(["Ana", "Ben", "Mara"]) == "Ana, Ben and Mara"
    assert listed([]) == ""
    assert numeral(3) == "three"
    assert numeral(13) == "13"


def test_milliseconds_become_seconds_when_they_are_long():
    assert milliseconds(1909.6) == "1,910 ms"
    assert milliseconds(12_400) == "12.4 s"
