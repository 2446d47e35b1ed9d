"""The threshold engine by examples: what raises, what holds, what ends, and what silence means."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitors.thresholds import (
    Level,
    Sample,
    Standing,
    Terms,
    TermsError,
    alert_time,
    alerts,
    judge,
    read_terms,
    replay,
)

T0 = datetime(2026, 3, 17, 3, tzinfo=UTC)
AGE = timedelta(minutes=3)
SLOW = Terms(operator=">", value=800, unit="ms", for_s=120)


def samples(*values):
    """One a minute; None is a minute without a sample."""
    return [Sample(T0 + timedelta(minutes=i), value) for i, value in enumerate(values) if value is not None]


def levels(terms, *values):
    """The level after each minute."""
    held, standing, out = samples(*values), Standing(), []
    for minute in range(len(values)):
        standing = judge(terms, held, T0 + timedelta(minutes=minute), standing, max_age=AGE)
        out.append(standing.level.value)
    return out


def test_it_alerts_when_values_were_beyond_the_limit_for_as_long_as_asked():
    assert levels(SLOW, 100, 900, 900, 900) == ["ok", "ok", "ok", "alert"]
    assert levels(SLOW, 100, 900, 900, 700, 900, 900) == ["ok"] * 6
    assert levels(replace(SLOW, for_s=0), 100, 900) == ["ok", "alert"]


def test_the_alert_is_dated_back_to_the_first_value_beyond_the_limit():
    held = samples(100, 900, 900, 900)
    assert judge(SLOW, held, held[-1].at, Standing(), max_age=AGE).since == T0 + timedelta(minutes=1)


def test_the_limit_itself_is_not_beyond_it_unless_the_operator_says_so():
    assert levels(replace(SLOW, for_s=0), 800) == ["ok"]
    assert levels(replace(SLOW, for_s=0, operator=">="), 800) == ["alert"]
    assert levels(replace(SLOW, for_s=0, operator="<"), 800, 799) == ["ok", "alert"]


def test_the_unit_is_part_of_the_value():
    assert levels(Terms(">", 2, "s"), 1_999, 2_001) == ["ok", "alert"]


def test_one_good_value_does_not_end_an_alert_that_asks_for_more():
    terms = replace(SLOW, for_s=0, recovery_for_s=120)
    assert levels(terms, 900, 100, 900, 100, 100, 100) == ["alert"] * 5 + ["ok"]


def test_around_the_line_it_stays_as_it_was_until_the_recovery_value():
    terms = replace(SLOW, for_s=0, recovery=600)
    assert levels(terms, 900, 790, 810, 700, 600) == ["alert"] * 4 + ["ok"]


def test_a_warning_comes_first_and_gets_louder_and_quieter():
    terms = replace(SLOW, warn=500, for_s=0)
    assert levels(terms, 400, 600, 900, 600, 400) == ["ok", "warn", "alert", "warn", "ok"]


def test_so_many_of_so_many_takes_single_good_values_in_its_stride():
    terms = Terms(">", 800, "ms", m=3, n=5)
    assert levels(terms, 900, 100, 900, 100, 900) == ["ok"] * 4 + ["alert"]
    assert levels(terms, 900, 100, 100, 900, 100, 900) == ["ok"] * 6


def test_too_few_values_say_nothing():
    assert levels(replace(SLOW, for_s=0, min_samples=3), 900, 900, 900) == ["ok", "ok", "alert"]


def test_a_check_that_timed_out_is_at_least_so_slow():
    assert levels(replace(SLOW, for_s=0), math.inf) == ["alert"]


@pytest.mark.parametrize(
    ("missing", "level", "said"), [("hold", "alert", False), ("unknown", "alert", True), ("breach", "alert", True)]
)
def test_silence_never_ends_an_alert(missing, level, said):
    terms = replace(SLOW, for_s=0, missing=missing)
    held = samples(900)
    standing = judge(terms, held, T0, Standing(), max_age=AGE)
    later = judge(terms, held, T0 + timedelta(hours=2), standing, max_age=AGE)
    assert (later.level.value, later.missing, later.since) == (level, said, T0)


@pytest.mark.parametrize(("missing", "level"), [("hold", "ok"), ("unknown", "ok"), ("breach", "alert")])
def test_silence_is_a_breach_only_where_the_terms_say_so(missing, level):
    standing = judge(replace(SLOW, missing=missing), samples(100), T0 + timedelta(hours=2), Standing(), max_age=AGE)
    assert standing.level.value == level


def test_no_run_reaches_across_a_silence():
    assert levels(SLOW, 900, None, None, None, 900) == ["ok"] * 5
    terms = replace(SLOW, for_s=0, recovery_for_s=180)
    assert levels(terms, 900, 100, None, None, None, 100)[-1] == "alert"


def test_what_comes_later_is_not_looked_at():
    held = samples(100, 900, 900, 900)
    assert judge(SLOW, held, T0, Standing(), max_age=AGE).level is Level.OK


def test_the_preview_does_what_the_rule_does():
    values = [100, 900, 900, 900, 100, 100, 900, None, None, None, None, 900, 900, 900, 100]
    held = samples(*values)
    turns, standing = replay(SLOW, held, max_age=AGE, start=T0, end=T0 + timedelta(minutes=15))
    lived = levels(SLOW, *values)
    assert [turn.after.value for turn in turns] == ["alert", "ok", "alert", "ok"]
    assert [
        T0 + timedelta(minutes=i) for i, (a, b) in enumerate(zip(["ok", *lived], lived, strict=False)) if a != b
    ] == [turn.at for turn in turns]
    assert (alerts(turns), alert_time(turns, T0 + timedelta(minutes=15)), standing.level) == (
        2, timedelta(minutes=2), Level.OK,
    )  # fmt: skip


def test_an_alert_that_goes_on_lasts_to_the_end_of_the_preview():
    turns, _ = replay(SLOW, samples(900, 900, 900), max_age=AGE, start=T0, end=T0 + timedelta(minutes=10))
    assert alert_time(turns, T0 + timedelta(minutes=10)) == timedelta(minutes=8)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"value": 1}, "operator", "an operator, a value and its unit"),
        ({"operator": "=", "value": 1, "unit": "ms"}, "operator", "Compare with one of"),
        ({"operator": ">", "value": 1, "unit": "%"}, "unit", "one of ms, s, min"),
        ({"operator": ">", "value": "1", "unit": "ms"}, "value", "Write a number"),
        ({"operator": ">", "value": math.nan, "unit": "ms"}, "value", "Write a number"),
        ({"operator": ">", "value": True, "unit": "ms"}, "value", "Write a number"),
        ({"operator": ">", "value": -1, "unit": "ms"}, "value", "less than nothing"),
        ({"operator": ">", "value": 5, "unit": "s", "warn": 6}, "warn", "before the alert"),
        ({"operator": "<", "value": 5, "unit": "s", "warn": 4}, "warn", "before the alert"),
        ({"operator": ">", "value": 5, "unit": "s", "recovery": 6}, "recovery", "good side"),
        ({"operator": ">", "value": 5, "unit": "s", "warn": 3, "recovery": 4}, "recovery", "good side"),
        ({"operator": ">", "value": 5, "unit": "s", "m": 3}, "m", "3 of 5"),
        ({"operator": ">", "value": 5, "unit": "s", "m": 6, "n": 5}, "m", "3 of 5"),
        ({"operator": ">", "value": 5, "unit": "s", "m": 3, "n": 5, "for_s": 60}, "for_s", "not both"),
        ({"operator": ">", "value": 5, "unit": "s", "missing": "resolve"}, "missing", "what silence means"),
        ({"operator": ">", "value": 5, "unit": "s", "for_s": 90_000}, "for_s", "86,400"),
        ({"operator": ">", "value": 5, "unit": "s", "colour": "red"}, "colour", "no such term"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused_with_a_sentence(given, field, words):
    with pytest.raises(TermsError) as refused:
        read_terms(given, measures="time")
    assert refused.value.field == field
    assert words in refused.value.sentence


def test_85_percent_is_not_a_ratio_of_85():
    with pytest.raises(TermsError) as refused:
        read_terms({"operator": ">", "value": 85, "unit": "ratio"}, measures="share")
    assert refused.value.sentence == "A ratio is from 0 to 1. For 85 percent write 0.85, or the unit %."


def test_terms_survive_being_kept():
    terms = Terms(">", 1.5, "s", warn=1, recovery=0.8, recovery_for_s=60, missing="unknown", m=3, n=5)
    assert read_terms(terms.as_json(), measures="time") == terms
