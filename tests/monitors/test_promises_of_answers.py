"""What was promised of how fast a service answers: counted check by check, bounded by those that never ran, sealed."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from ledger.models import Entry
from ledger.tables import Scope
from monitors.agreed import doubts
from monitors.agreements import periods
from monitors.availability import Verdict, Window, ratio_text
from monitors.evidence import period_tables
from monitors.latency import LEAST_CHECKS, Answered, least_checks, together
from monitors.models import Location, MaintenanceSpan, MonthlyAvailability, PackProgress, Result
from monitors.promises import Promise, kept
from monitors.response_times import summary_of
from monitors.samples import hour_of
from monitors.sealed import kept_in
from monitors.services import (
    change_monitor,
    create_location,
    pause_monitor,
    resume_monitor,
    retire_monitor,
    set_locations,
)
from monitors.services.adjustments import approve_adjustment
from monitors.services.agreements import change_sla, set_composition
from monitors.services.months import seal_months
from tests import builders
from tests.monitors.checked import NOT_RUN, ran
from tests.monitors.test_agreements import planned

BORN = datetime(2026, 4, 1, tzinfo=UTC)
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
CLOSED = datetime(2026, 6, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MET, MISSED, NOT_PROVEN = Verdict.MET, Verdict.MISSED, Verdict.NOT_PROVEN
MONTH = 31 * 24 * 12  # checks five minutes apart


# --- the rule -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fast", "slow", "unseen", "share_ppm", "verdict"),
    [
        (990, 10, 0, 990_000, MET),
        (989, 11, 0, 990_000, MISSED),
        (990, 10, 1, 990_000, NOT_PROVEN),
        (980, 9, 11, 990_000, NOT_PROVEN),
        (900, 30, 70, 990_000, MISSED),
        (1000, 0, 0, 1_000_000, MET),
        (1000, 1, 0, 1_000_000, MISSED),
        (99, 0, 0, 900_000, NOT_PROVEN),
        (0, 99, 0, 900_000, NOT_PROVEN),
        (0, 100, 0, 900_000, MISSED),
        (9_999, 0, 0, 999_900, NOT_PROVEN),
        (10_000, 0, 0, 999_900, MET),
        (0, 0, 0, 990_000, NOT_PROVEN),
        (0, 0, 500, 990_000, NOT_PROVEN),
    ],
)
def test_a_share_is_met_missed_or_not_proven(fast, slow, unseen, share_ppm, verdict):
    assert Answered(fast, slow, unseen).verdict(share_ppm) == verdict


def test_how_many_checks_it_takes():
    assert [least_checks(ppm) for ppm in (500_000, 990_000, 999_000, 999_999, 1_000_000)] == [
        100, 100, 1_000, 1_000_000, LEAST_CHECKS,
    ]  # fmt: skip


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.integers(0, 5_000), st.integers(1, 1_000_000))
def test_bounds_hold_what_was_seen_and_a_verdict_is_what_every_reading_says(fast, slow, unseen, share_ppm):
    one = Answered(fast, slow, unseen)
    if one.seen:
        assert one.low <= one.share <= one.high
    readings = {(fast + more) * 1_000_000 >= share_ppm * (one.seen + unseen) for more in (0, unseen)}
    verdict = one.verdict(share_ppm)
    if verdict != NOT_PROVEN:
        assert readings == {verdict == MET}


@pytest.mark.parametrize(
    ("verdicts", "need", "said"),
    [
        ([MET, MET], 2, MET),
        ([MET, MISSED], 2, MISSED),
        ([MET, NOT_PROVEN], 2, NOT_PROVEN),
        ([MISSED, NOT_PROVEN], 2, MISSED),
        ([MET, MISSED], 1, MET),
        ([MISSED, NOT_PROVEN], 1, NOT_PROVEN),
        ([MISSED, MISSED], 1, MISSED),
        ([MET, MET, MISSED], 2, MET),
        ([MET, MISSED, MISSED], 2, MISSED),
        ([MET], 2, NOT_PROVEN),
        ([], 0, NOT_PROVEN),
    ],
)
def test_monitors_make_the_verdict_as_they_make_the_states(verdicts, need, said):
    assert together(verdicts, need) == said


def test_a_promise_that_its_checks_cannot_show_is_doubtful():
    terms = {"target_ppm": 900_000, "interval_s": 3600, "window_ms": 30 * 86_400_000, "dependencies": [], "past": []}
    (sentence,) = doubts(latency_ppm=999_000, **terms)
    assert sentence == (
        "There are 720 checks in a window, and it takes 1,000 to say whether 99.9 % of them were answered in time."
    )
    assert doubts(latency_ppm=990_000, **terms) == doubts(**terms) == []


# --- counting -------------------------------------------------------------------------------------


@pytest.fixture
def shop(db, monkeypatch):
    monkeypatch.setattr("monitors.services.months.BUDGET_S", 60)
    builders.organisation(now=BORN)
    return builders.service("Shop", now=BORN)


def watched(service, name="Basket", *, now=BORN):
    return builders.monitor(name, service=service, now=now, interval_s=300)


def may(service, *, now=CLOSED, **more):
    return kept([Promise(service, Window(MAY, JUNE), 500, 990_000, **more)], now=now)[0]


def counts(told):
    return [(one.answered.fast, one.answered.slow, one.answered.unseen) for one in told.members]


def every(number, slow_ms=900.0):
    """Every so many checks one is slow."""
    seen = iter(range(10**9))
    return lambda at: slow_ms if next(seen) % number == 0 else 100.0


def test_checks_are_counted_against_the_limit_and_failures_are_no_answers(shop):
    monitor = watched(shop)
    ran(monitor, MAY, MAY + 20 * DAY, lambda at: 500.0 if at.minute < 30 else 500.1 if at.hour == 3 else 100.0)
    ran(monitor, MAY + 20 * DAY, JUNE, lambda at: "failed" if at.day == 30 and at.hour < 12 else 20.0)
    told = may(shop)
    slow = 20 * 6 + 12 * 12
    assert counts(told) == [(MONTH - slow, slow, 0)]
    assert told.verdict == MISSED
    # the same as the summary of response times says, which the month of a pack prints
    summary = summary_of(monitor, MAY, JUNE, threshold_us=500_000)
    assert (summary.over, summary.ok + summary.failed + summary.timeouts) == (slow, MONTH)
    assert told.members[0].answered.share == 1 - summary.over_ratio


def test_what_never_ran_bounds_the_share(shop):
    ran(watched(shop), MAY, JUNE, lambda at: NOT_RUN if at.day == 9 else 100.0)
    told = may(shop)
    assert counts(told) == [(MONTH - 288, 0, 288)]
    assert told.verdict == NOT_PROVEN
    one = told.members[0].answered
    assert (ratio_text(one.low), ratio_text(one.share), ratio_text(one.high)) == ("0.967741", "1.000000", "1.000000")


def test_a_pause_is_no_excuse_and_a_service_without_a_monitor_is_unseen(shop):
    monitor = watched(shop, now=MAY + 10 * DAY)
    pause_monitor(monitor, now=MAY + 20 * DAY, reason="Noisy")
    resume_monitor(monitor, now=MAY + 21 * DAY, reason="Quiet")
    ran(monitor, MAY + 10 * DAY, JUNE, lambda at: NOT_RUN if at.day == 21 else 100.0)
    assert counts(may(shop)) == [(20 * 288, 0, 11 * 288)]


def test_a_check_counts_where_and_while_its_monitor_was_a_primary_one(shop):
    other = builders.service("Other", now=BORN)
    moved = watched(shop)
    ran(moved, MAY, JUNE, lambda at: 900.0 if at.day <= 15 else 100.0)
    change_monitor(moved, {"service": other}, now=MAY + 15 * DAY, reason="It is theirs")
    here, there = may(shop), may(other)
    assert counts(here) == [(0, 15 * 288, 16 * 288)], "nobody watched the rest of the month here"
    assert counts(there) == [(16 * 288, 0, 15 * 288)]


def test_a_retired_monitor_counts_until_then(shop):
    old, new = watched(shop, "Old"), watched(shop, "New", now=MAY + 15 * DAY)
    ran(old, MAY, MAY + 15 * DAY)
    ran(new, MAY + 15 * DAY, JUNE)
    retire_monitor(old, now=MAY + 15 * DAY, reason="Replaced")
    told = may(shop)
    assert sorted(counts(told)) == [(15 * 288, 0, 0), (16 * 288, 0, 0)]
    assert told.verdict == MET


def test_each_place_runs_each_slot(shop):
    monitor = watched(shop)
    places = [create_location(name=name, now=BORN, reason="Test") for name in ("a", "b")]
    set_locations(monitor, places, now=BORN + DAY, reason="Test")
    ran(monitor, MAY, JUNE, place=places[0])
    ran(monitor, MAY, MAY + 30 * DAY, lambda at: 900.0 if at.day == 1 else 100.0, place=places[1])
    assert counts(may(shop)) == [(2 * MONTH - 2 * 288, 288, 288)]


def test_qualifying_work_takes_its_checks_out(shop):
    ran(watched(shop), MAY, JUNE, lambda at: 900.0 if at.day == 3 and at.hour < 12 else 100.0)
    work = (MAY + 2 * DAY, MAY + 2 * DAY + 12 * HOUR + timedelta(minutes=30))
    told = may(shop, excluded=[work])
    assert counts(told) == [(MONTH - 150, 0, 0)]
    assert told.verdict == MET


def test_the_newest_checks_are_rows_and_count_as_well(shop):
    monitor = watched(shop)
    ran(monitor, MAY, MAY + DAY)
    PackProgress.objects.update(hour=hour_of(MAY + DAY))
    place = Location.objects.get(name="local")
    for number, (outcome, total, retry, late) in enumerate(
        [
            ("ok", 1, 0, 0),
            ("ok", 900, 0, 0),
            ("failed", 0, 0, 0),
            ("ok", 1, 1, 0),
            ("ok", 1, 0, 20),
            ("missed", 0, 0, 0),
        ]
    ):
        at = MAY + DAY + timedelta(minutes=5 * number)
        Result.objects.create(
            day=at.date(), id=number, monitor=monitor, location=place, planned_at=at, monitor_version=1, outcome=outcome,
            recorded_at=at + timedelta(minutes=late), total_us=total * 1000, retry=bool(retry),
        )  # fmt: skip
    told = may(shop, now=MAY + DAY + HOUR)
    assert counts(told) == [(288 + 1, 2, 12 - 3)]
    assert told.verdict == Verdict.IN_PROGRESS


def test_a_service_that_nobody_asks_is_not_proven(shop):
    builders.heartbeat(service=shop, now=BORN)
    told = may(shop)
    assert (told.verdict, told.members) == (NOT_PROVEN, ())


def test_monitors_together_are_judged_by_the_composition_of_the_windows_end(shop):
    good, bad = watched(shop, "Good"), watched(shop, "Bad")
    ran(good, MAY, JUNE)
    ran(bad, MAY, JUNE, lambda at: 900.0)
    assert may(shop).verdict == MISSED
    assert may(shop).members[0].monitor == bad.public_id, "the one that kept it least"
    set_composition(shop, composition="any", quorum=0, roles={}, now=JUNE - DAY, reason="One is enough")
    assert may(shop).verdict == MET
    set_composition(shop, composition="all", quorum=0, roles={}, now=JUNE + DAY, reason="No")
    assert may(shop).verdict == MET, "what is over is judged by what was in force"


def test_splitting_a_window_and_adding_gives_the_same(shop):
    ran(watched(shop), MAY, JUNE, every(7))
    middle = MAY + 11 * DAY + timedelta(hours=7, minutes=13, seconds=5)
    parts = [Promise(shop, Window(*edges), 500, 990_000) for edges in ((MAY, middle), (middle, JUNE), (MAY, JUNE))]
    first, second, whole = (counts(one)[0] for one in kept(parts, now=CLOSED))
    assert tuple(map(sum, zip(first, second, strict=True))) == whole


def test_many_promises_are_a_few_questions(shop):
    def questions(services):
        with CaptureQueriesContext(connection) as seen:
            kept([Promise(one, Window(MAY, JUNE), 500, 990_000) for one in services], now=CLOSED)
        return len(seen)

    ran(watched(shop), MAY, MAY + DAY)
    few = questions([shop])
    more = [builders.service(f"Service {number}", now=BORN) for number in range(4)]
    for one in more:
        ran(watched(one), MAY, MAY + DAY)
    assert questions([shop, *more]) == few <= 12


# --- agreements, sealed months, evidence ----------------------------------------------------------


def agreed(service, **more):
    terms = {"target_ppm": 100_000, "since": date(2026, 5, 1), "latency_ms": 500, "latency_ppm": 990_000, **more}
    return builders.sla(service, now=BORN, **terms)


def test_a_window_of_an_agreement_says_whether_answers_were_fast(shop):
    ran(watched(shop), MAY, JUNE + DAY, every(50))
    sla = agreed(shop)
    over, running = periods([sla], now=CLOSED, answers=True)[sla.pk]
    assert (over.answers.verdict, running.answers.verdict) == (MISSED, Verdict.IN_PROGRESS)
    assert over.answers.slowest.share == Fraction(MONTH - -(-MONTH // 50), MONTH)
    silent = periods([sla], now=CLOSED)[sla.pk][0]
    assert (silent.answers, silent.answers_promised) == (None, True)


def test_planned_work_counts_for_answers_by_the_same_contract(shop):
    watched_one = watched(shop)
    ran(watched_one, MAY, JUNE, lambda at: 900.0 if at.day == 10 and at.hour < 12 else 100.0)
    begins = (MAY + 9 * DAY - datetime(2026, 1, 1, tzinfo=UTC)) // DAY + 1
    planned(shop, begins, 0, 12 * 60, recorded_at=BORN, approved_at=BORN, announced_at=BORN)
    assert MaintenanceSpan.objects.get().planned_start == MAY + 9 * DAY
    without = agreed(shop)
    with_work = agreed(shop, name="With work", maintenance_allowance_s=12 * 3600)
    told = periods([without, with_work], now=CLOSED, answers=True)
    assert [told[one.pk][0].answers.verdict for one in (without, with_work)] == [MISSED, MET]


def test_a_month_is_sealed_with_its_answers_and_never_counted_again(shop):
    monitor = watched(shop)
    ran(monitor, MAY, JUNE, every(50))
    sla = agreed(shop)
    seal_months(CLOSED)
    row = MonthlyAvailability.objects.get(sla=sla.public_id, month="2026-05")
    slow = -(-MONTH // 50)
    assert (row.latency_ms, row.latency_ppm, row.latency_verdict) == (500, 990_000, "missed")
    said = [{"monitor": monitor.public_id, "fast": MONTH - slow, "slow": slow, "unseen": 0, "verdict": "missed"}]
    assert row.answers == said
    assert (
        '"latency_verdict":"missed"'
        in Entry.objects.get(kind="availability.month_sealed", line__contains=sla.public_id).line
    )
    change_sla(sla, {"latency_ms": 2_000}, now=CLOSED + DAY, reason="They ask for less")
    (told, _) = periods([sla], now=CLOSED + 2 * DAY, answers=True)[sla.pk]
    assert (told.answers, told.sealed) == (kept_in(row), row.public_id)
    assert told.answers.verdict == MISSED
    alone = MonthlyAvailability.objects.get(sla="", month="2026-05")
    assert (alone.latency_ms, alone.latency_verdict, alone.answers) == (None, "", [])


def test_a_correction_of_states_leaves_what_was_answered_as_it_was_sealed(shop):
    monitor = watched(shop)
    ran(monitor, MAY, JUNE, every(50))
    sla = agreed(shop)
    seal_months(CLOSED)
    people = [builders.person(name, "manager", now=BORN) for name in ("Mona", "Max")]
    asked = builders.adjustment(monitor, by=people[0], now=MAY + 10 * DAY)
    approve_adjustment(asked, by=people[1], now=CLOSED + HOUR, reason="Yes")
    first, second = MonthlyAvailability.objects.filter(sla=sla.public_id, month="2026-05").order_by("revision")
    assert second.supersedes == first
    assert (second.latency_verdict, second.answers) == (first.latency_verdict, first.answers) != ("", [])


def test_a_month_that_was_sealed_before_answers_were_judged_is_not_judged_later(shop):
    ran(watched(shop), MAY, JUNE)
    sla = agreed(shop, latency_ms=None, latency_ppm=None)
    seal_months(CLOSED)
    change_sla(sla, {"latency_ms": 500, "latency_ppm": 990_000}, now=CLOSED + DAY, reason="New")
    over, running = periods([sla], now=CLOSED + 2 * DAY, answers=True)[sla.pk]
    assert over.answers is None
    assert running.answers.verdict == Verdict.IN_PROGRESS


def tables(scope):
    return {
        table.query: [dict(zip(table.header, row, strict=True)) for row in table.rows()]
        for table in period_tables(scope)
        if table.query in ("sla_monthly", "sla_answers_monthly", "latency_monthly")
    }


@pytest.mark.parametrize("sealed", [False, True])
def test_a_pack_says_by_which_checks_and_they_add_up_to_its_months_of_response_times(shop, sealed):
    """Tie-out: counts of sla_answers_monthly are those of latency_monthly, and make the verdict of sla_monthly by hand."""
    good, bad = watched(shop, "Good"), watched(shop, "Bad")
    ran(good, MAY, JUNE, every(500))
    ran(bad, MAY, JUNE, lambda at: "failed" if at.day == 7 else 100.0)
    sla = agreed(shop)
    if sealed:
        seal_months(CLOSED)
    told = tables(Scope("period", "test", CLOSED, MAY, JUNE))
    by_monitor = {row["monitor_id"]: row for row in told["sla_answers_monthly"]}
    assert set(by_monitor) == {good.public_id, bad.public_id}
    for row in told["latency_monthly"]:
        if row.get("location_id"):
            continue
        held = by_monitor[row["monitor_id"]]
        checks = row["samples_ok"] + row["samples_failed"] + row["timeouts"]
        assert held["checks_fast"] + held["checks_slow"] == checks
        assert ratio_text(Fraction(held["checks_slow"], checks)) == row["share_over_threshold_ratio"]
        assert held["limit_ms"] == row["threshold_ms"]
    for row in by_monitor.values():
        reached = Fraction(row["checks_fast"], row["checks_fast"] + row["checks_slow"]) >= Fraction(row["target_ratio"])
        assert (row["verdict"] == "met", row["checks_unseen"]) == (reached, 0)
    (month,) = told["sla_monthly"]
    verdicts = {row["verdict"] for row in by_monitor.values()}
    assert verdicts == {"met", "missed"}
    assert (month["latency_verdict"], month["latency_ms"], month["latency_target_ratio"]) == ("missed", 500, "0.990000")
    row = MonthlyAvailability.objects.filter(sla=sla.public_id).first()
    assert month["sealed_month_id"] == (row.public_id if row else "")
