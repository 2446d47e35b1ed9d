"""What a month came to, computed by hand: docs/availability.md, rule by rule."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from monitors.availability import Adjustment, Kind, Terms, Verdict, Window, availability, digits_for, percent
from monitors.periods import month_of

APRIL = Window(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
AFTER = datetime(2026, 5, 2, tzinfo=UTC)
LIFE = (datetime(2026, 1, 1, tzinfo=UTC), None)


@dataclass(frozen=True)
class Span:
    start: datetime
    end: datetime
    state: str


def life(*turns, until=APRIL.end):
    """A monitor's life: (minute of April, state) from which the state held."""
    marks = [(APRIL.start + timedelta(minutes=minute), state) for minute, state in turns]
    ends = [start for start, _ in marks[1:]] + [until]
    return [Span(start, end, state) for (start, state), end in zip(marks, ends, strict=True)]


def minutes(start, length):
    return (APRIL.start + timedelta(minutes=start), APRIL.start + timedelta(minutes=start + length))


def one(members, **told):
    told = {"life": LIFE, "now": AFTER, **told}
    return availability(members, [APRIL], **told)[0]


def the_month_of_seven_rule_sets():
    """30 days: 20 min all down, 60 min one of two down, 120 min planned and off, 90 min blind, 60 min paused."""
    first = life(
        (0, "up"), (1000, "down"), (1020, "up"), (2000, "down"), (2060, "up"), (3000, "down"), (3120, "up"),
        (4000, "unknown"), (4090, "up"), (5000, "paused"), (5060, "up"),
    )  # fmt: skip
    second = life(
        (0, "up"), (1000, "down"), (1020, "up"), (3000, "down"), (3120, "up"),
        (4000, "unknown"), (4090, "up"), (5000, "paused"), (5060, "up"),
    )  # fmt: skip
    return one({"first": first, "second": second}, excluded=[minutes(3000, 120)])


def test_the_month_gives_the_figures_that_are_printed_for_it():
    told = the_month_of_seven_rule_sets()
    assert percent(told.measured) == "99.8136"
    assert (percent(told.low), percent(told.high)) == ("99.4661", "99.8142")
    assert percent(told.coverage) == "99.6518"
    assert percent(told.strict) == "99.5370"
    assert told.verdict(999_000) == Verdict.MISSED
    assert told.verdict(995_000) == Verdict.NOT_PROVEN
    assert told.verdict(994_000) == Verdict.MET


def test_the_month_in_minutes():
    told = the_month_of_seven_rule_sets()
    held = {name: getattr(told, f"{name}_ms") / 60_000 for name in ("down", "unknown", "paused", "excluded", "total")}
    assert held == {"down": 80, "unknown": 90, "paused": 60, "excluded": 120, "total": 43_080}
    assert (told.down_excluded_ms, told.outages, told.longest_outage_ms) == (120 * 60_000, 2, 60 * 60_000)


@pytest.mark.parametrize(
    ("target", "days", "seconds"),
    [(995_000, 30, 12_960), (999_000, 30, 2_592), (999_000, 31, 2_678.4), (999_500, 30, 1_296), (999_900, 30, 259.2)],
)
def test_a_budget_is_what_the_target_leaves_of_the_month(target, days, seconds):
    window = Window(APRIL.start, APRIL.start + timedelta(days=days))
    (told,) = availability({}, [window], life=LIFE, now=window.end)
    assert told.budget_ms(target) == Fraction(seconds) * 1000 or abs(told.budget_ms(target) - seconds * 1000) < 1


def test_down_time_beyond_the_budget_is_the_shortfall():
    told = one({"one": life((0, "up"), (100, "down"), (160, "up"))})
    assert told.shortfall_ms(999_000) == 60 * 60_000 - 2_592_000
    assert told.shortfall_ms(995_000) == 0
    assert told.budget_used(999_000) == Fraction(3600, 2592)
    assert told.budget_used(1_000_000) is None


def test_a_percentage_is_cut_off_and_never_rounded():
    assert percent(Fraction(998_999, 1_000_000), 2) == "99.89"
    assert percent(Fraction(999_999, 1_000_000), 2) == "99.99"
    assert percent(Fraction(1), 2) == "100.00"
    assert percent(None) == ""
    assert digits_for(60, APRIL_MS) == 2
    assert digits_for(1, APRIL_MS) == 4
    assert digits_for(86_400, APRIL_MS) == 0


APRIL_MS = 30 * 86_400_000


def test_time_before_the_first_monitor_is_unknown_and_not_left_out():
    told = one({"late": life((14_400, "up"))})
    assert (told.unknown_ms, told.up_ms) == (10 * 86_400_000, 20 * 86_400_000)
    assert percent(told.measured) == "100.0000"
    assert told.verdict(999_000) == Verdict.NOT_PROVEN
    assert not told.partial


def test_a_service_nobody_watches_is_unknown_for_all_its_life():
    told = one({})
    assert (told.coverage, told.measured, told.low, told.high) == (0, None, 0, 1)
    assert told.verdict(999_000) == Verdict.NOT_PROVEN


def test_a_month_the_service_entered_late_is_partial_and_not_filled_up():
    told = one({"one": life((0, "up"))}, life=(APRIL.start + timedelta(days=20), None))
    assert (told.partial, told.total_ms) == (True, 10 * 86_400_000)


def test_a_month_before_the_service_was_there_says_nothing():
    told = one({}, life=(AFTER, None))
    assert (told.total_ms, told.low, told.strict, told.life_from) == (0, None, None, None)
    assert told.verdict(999_000) == Verdict.NOT_PROVEN


def test_the_running_month_has_no_verdict_and_counts_to_now():
    now = APRIL.start + timedelta(days=3)
    told = one({"one": life((0, "up"), until=now)}, now=now)
    assert told.verdict(999_000) == Verdict.IN_PROGRESS
    assert (told.total_ms, told.unknown_ms, told.partial) == (3 * 86_400_000, 0, False)


def test_degraded_is_up_unless_the_contract_says_otherwise():
    held = {"one": life((0, "up"), (100, "degraded"), (200, "down"), (210, "up"))}
    plain, strict = one(held), one(held, degraded_is_down=True)
    assert (plain.bad_ms, plain.degraded_ms) == (10 * 60_000, 100 * 60_000)
    assert (strict.bad_ms, strict.degraded_ms, strict.outages) == (110 * 60_000, 100 * 60_000, 1)


def test_all_is_the_union_of_outages_and_no_average():
    parts = [life((0, "down"), (4_320, "up")), life((0, "up"), (4_320, "down"), (8_640, "up"))]
    worst = life((0, "up"), (8_640, "down"), (17_280, "up"))
    assert percent(one(dict(enumerate([*parts, worst]))).measured, 1) == "60.0"


def test_redundant_monitors_are_down_only_together():
    held = {"a": life((0, "up"), (100, "down"), (160, "up")), "b": life((0, "up"), (150, "down"), (170, "up"))}
    assert one(held, terms=[Terms(kind=Kind.ANY)]).down_ms == 10 * 60_000
    blind = {"a": life((0, "up"), (100, "down"), (160, "up")), "b": life((0, "unknown"), (120, "up"))}
    told = one(blind, terms=[Terms(kind=Kind.ANY)])
    assert (told.down_ms, told.unknown_ms) == (0, 20 * 60_000)


def test_two_of_three_must_be_up():
    held = {
        "a": life((0, "up"), (100, "down"), (160, "up")),
        "b": life((0, "up"), (150, "down"), (170, "up")),
        "c": life((0, "up"), (155, "unknown"), (200, "up")),
    }
    told = one(held, terms=[Terms(kind=Kind.QUORUM, quorum=2)])
    assert (told.down_ms, told.unknown_ms) == (10 * 60_000, 10 * 60_000)


def test_new_terms_hold_from_then_on_and_the_past_stays_as_it_was():
    held = {"a": life((0, "up"), (100, "down"), (160, "up")), "b": life((0, "up"))}
    later = APRIL.start + timedelta(minutes=130)
    told = one(held, terms=[Terms(), Terms(since=later, kind=Kind.ANY)])
    assert told.down_ms == 30 * 60_000
    told = one(held, terms=[Terms(), Terms(since=later, members=frozenset({"b"}))])
    assert told.down_ms == 30 * 60_000


def test_a_correction_changes_the_figures_and_says_how_much():
    held = {"one": life((0, "up"), (100, "down"), (160, "up"))}
    mended = [Adjustment("one", *minutes(100, 40), "up")]
    told = one(held, adjusted=mended)
    assert (told.down_ms, told.adjusted_ms) == (20 * 60_000, 40 * 60_000)
    assert held["one"][1].state == "down"


def test_planned_work_that_does_not_qualify_is_counted_and_shown():
    held = {"one": life((0, "up"), (100, "down"), (160, "up"))}
    told = one(held, maintenance=[minutes(90, 90)])
    assert (told.maintenance_ms, told.excluded_ms, told.down_ms) == (90 * 60_000, 0, 60 * 60_000)


def test_an_outage_that_reaches_into_planned_work_is_one_outage():
    held = {"one": life((0, "up"), (100, "down"), (400, "up"))}
    told = one(held, excluded=[minutes(200, 100)])
    assert (told.outages, told.longest_outage_ms, told.down_excluded_ms) == (1, 200 * 60_000, 100 * 60_000)


def test_a_month_is_as_long_as_the_zone_makes_it():
    berlin = ZoneInfo("Europe/Berlin")
    march, october = (
        month_of(datetime(2026, 3, 9, tzinfo=UTC), berlin),
        month_of(datetime(2026, 10, 9, tzinfo=UTC), berlin),
    )
    assert (march.end - march.start, october.end - october.start) == (
        timedelta(days=31, hours=-1),
        timedelta(days=31, hours=1),
    )
    (told,) = availability({}, [march], life=LIFE, now=AFTER)
    assert told.total_ms == (31 * 24 - 1) * 3_600_000
