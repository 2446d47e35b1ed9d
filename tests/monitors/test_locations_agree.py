"""A monitor checked from several locations: a majority decides, a minority is told, silence is unknown."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from ledger.models import Entry
from monitors.engine import life
from monitors.engine.findings import Finding
from monitors.engine.handover import hand_over
from monitors.engine.ticks import claim, sweep
from monitors.models import (
    Location,
    MonitorLocation,
    MonitorState,
    ProbePlan,
    ProbeSlot,
    Result,
    Rule,
    Signal,
    StateInterval,
    Voice,
)
from monitors.places import places as places_read
from monitors.places import standing_of
from monitors.probes.trace import Outcome, Trace
from monitors.queries import monitor_state
from monitors.services import create_location, retire_location, set_locations
from monitors.services.locations import record_timetables
from monitors.states import State
from tests import builders

pytestmark = pytest.mark.django_db

T0 = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
GOOD, BAD = Outcome.OK, Outcome.FAILED


def at(seconds):
    return T0 + timedelta(seconds=seconds)


@pytest.fixture
def places(db):
    names = ("amsterdam", "boston", "cairo")
    return [create_location(name=name, now=T0, reason="Test") for name in names]


@pytest.fixture
def monitor(shop, places):
    made = builders.monitor(service=shop, now=T0, interval_s=60, confirmation_s=60, recovery_s=60)
    set_locations(made, places, now=T0, reason="Seen from three places")
    ProbeSlot.objects.update(next_due_at=at(3600), extra=False)
    return made


def said(monitor, place, second, outcome=GOOD):
    words = {"sentence": "Answered 503, expected 200-299.", "code": "status", "status": 503}
    trace = Trace(outcome=outcome, total_us=1000, **(words if outcome is BAD else {"status": 200}))
    return Finding(monitor.pk, monitor.version, place.pk, at(second), False, 500, trace)


def round_of(monitor, places, second, *outcomes):
    """What each place says of one slot, handed over one by one."""
    for place, outcome in zip(places, outcomes, strict=False):
        if outcome is not None:
            hand_over([said(monitor, place, second, outcome)], now=at(second + 1))


def tiles(monitor):
    rows = StateInterval.objects.filter(monitor=monitor).order_by("started_at")
    ends = [(row, row.ended_at and f"{(row.ended_at - T0).total_seconds():g}") for row in rows]
    return [f"{row.state} {(row.started_at - T0).total_seconds():g}-{end or ''}" for row, end in ends]


def test_they_check_it_at_the_same_instants_each_from_its_own_plan(monitor, places, monkeypatch):
    monkeypatch.setattr("monitors.engine.ticks.dispatch", lambda plan, location: None)
    ProbeSlot.objects.filter(monitor=monitor).update(next_due_at=T0, extra=True)
    claim(T0)
    plans = ProbePlan.objects.all()
    assert {plan.location_id for plan in plans} == {place.pk for place in places}
    assert len({str(plan.slots) for plan in plans}) == 1
    assert len(set(ProbeSlot.objects.values_list("next_due_at", flat=True))) == 1


def test_the_majority_of_the_configured_locations_makes_it_down(monitor, places):
    round_of(monitor, places, 0, GOOD, GOOD, GOOD)
    round_of(monitor, places, 60, BAD, BAD, GOOD)
    round_of(monitor, places, 120, BAD, BAD, GOOD)
    assert tiles(monitor) == ["up 0-60", "down 60-"]
    signal = Signal.objects.get(condition="down")
    assert signal.reason == "Failing for 60 s: At least 2 of 3 locations: Answered 503, expected 200-299."


def test_one_failing_location_of_three_changes_no_state(monitor, places):
    for second in (0, 60, 120, 180):
        round_of(monitor, places, second, GOOD, GOOD, BAD)
    assert tiles(monitor) == ["up 0-"]
    assert not Signal.objects.filter(condition="down").exists()


def test_one_good_location_with_two_silent_ones_is_unknown_and_not_up(monitor, places):
    round_of(monitor, places, 0, GOOD, GOOD, GOOD)
    for second in (60, 120, 180, 240):
        round_of(monitor, places, second, GOOD, None, None)
    assert monitor_state(monitor, at(241)).state is State.UNKNOWN
    sweep(at(260))
    assert tiles(monitor) == ["up 0-60", "unknown 60-"]
    assert StateInterval.objects.get(ended_at__isnull=True).cause == "no_majority"


def test_one_failing_location_with_two_silent_ones_is_not_down(monitor, places):
    round_of(monitor, places, 0, GOOD, GOOD, GOOD)
    for second in (60, 120, 180, 240):
        round_of(monitor, places, second, BAD, None, None)
    sweep(at(260))
    assert tiles(monitor) == ["up 0-60", "unknown 60-"]


def test_two_that_disagree_are_unknown(monitor, places):
    set_locations(monitor, places[:2], now=T0, reason="Two")
    for second in (0, 60, 120, 180, 240):
        round_of(monitor, places, second, GOOD, BAD)
    assert {row.state for row in StateInterval.objects.all()} == {"unknown"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_arrival_changes_nothing(monitor, places, order):
    slots = {0: (GOOD, GOOD, GOOD), 60: (GOOD, BAD, BAD), 120: (BAD, BAD, GOOD), 180: (BAD, GOOD, BAD)}
    for second, outcomes in slots.items():
        for index in order:
            hand_over([said(monitor, places[index], second, outcomes[index])], now=at(second + 5))
    assert tiles(monitor) == ["up 0-60", "down 60-"]


def test_a_batch_with_all_of_them_is_the_same_as_one_by_one(monitor, places):
    for second, outcome in ((0, GOOD), (60, BAD), (120, BAD)):
        hand_over([said(monitor, place, second, outcome) for place in places], now=at(second + 1))
    assert tiles(monitor) == ["up 0-60", "down 60-"]
    assert Result.objects.count() == 9


def test_a_location_that_is_not_configured_has_no_vote(monitor, places):
    set_locations(monitor, places[:2], now=T0, reason="Two")
    round_of(monitor, places, 0, GOOD, None, GOOD)
    assert monitor_state(monitor, at(1)).state is State.UNKNOWN
    round_of(monitor, places, 60, GOOD, GOOD, None)
    assert monitor_state(monitor, at(61)).state is State.UP


def test_a_result_that_comes_a_quarter_of_an_hour_late_is_kept_and_judges_nothing(monitor, places):
    round_of(monitor, places, 0, GOOD, None, None)
    hand_over([said(monitor, places[1], 0)], now=at(901))
    assert Result.objects.count() == 2
    assert monitor_state(monitor, at(5)).state is State.UNKNOWN
    hand_over([said(monitor, places[2], 0)], now=at(900))
    assert tiles(monitor)[-1].startswith("up")


def test_each_location_keeps_what_it_last_said(monitor, places):
    round_of(monitor, places, 0, GOOD, BAD, None)
    round_of(monitor, places, 60, GOOD, BAD, None)
    hand_over([said(monitor, places[1], 30)], now=at(70))
    boston = Voice.objects.get(location=places[1])
    assert (boston.good, boston.failing_since, boston.heard_at, boston.code) == (False, at(0), at(60), "status")
    assert Voice.objects.get(location=places[2]).heard_at is None
    round_of(monitor, places, 120, GOOD, GOOD, None)
    boston.refresh_from_db()
    assert (boston.good, boston.failing_since) == (True, None)


def test_failures_on_both_sides_of_a_silence_are_two(monitor, places):
    round_of(monitor, places, 0, BAD, None, None)
    round_of(monitor, places, 600, BAD, None, None)
    assert Voice.objects.get(location=places[0]).failing_since == at(600)


def test_a_monitor_with_one_location_has_no_voices_and_is_asked_no_more_questions(
    shop, monkeypatch, django_assert_num_queries
):
    alone = builders.monitor("Alone", service=shop, now=T0)
    place = ProbeSlot.objects.get(monitor=alone).location
    hand_over([said(alone, place, 0)], now=at(1))
    with django_assert_num_queries(6):  # begin, lock, result, state with what was seen, covered, commit
        hand_over([said(alone, place, 60)], now=at(61))
    assert (MonitorState.objects.get(pk=alone.pk).voters, Voice.objects.count()) == ("", 0)


def test_where_it_is_checked_is_configuration_with_a_history(monitor, places):
    links = MonitorLocation.objects.in_force().filter(monitor=monitor)
    assert {link.location.name for link in links} == {"amsterdam", "boston", "cairo"}
    set_locations(monitor, places[:1], now=at(60), reason="One is enough")
    assert MonitorLocation.objects.in_force().get(monitor=monitor).location == places[0]
    assert MonitorState.objects.get(pk=monitor.pk).voters == ""
    assert not Voice.objects.exists()
    assert ProbeSlot.objects.get(monitor=monitor).location == places[0]
    assert Entry.objects.filter(kind="config.monitorlocation.retired").count() == 3


def test_the_advisory_has_a_rule_while_there_are_several(monitor, places):
    rule = Rule.objects.in_force().get(monitor=monitor, condition="below_quorum")
    assert (rule.severity, rule.urgency, rule.confirmation_s) == (3, "low", 600)
    set_locations(monitor, places, now=at(1), reason="Sooner", advise_after_s=120)
    rule.refresh_from_db()
    assert rule.confirmation_s == 120
    set_locations(monitor, places[:1], now=at(2), reason="One")
    assert not Rule.objects.in_force().filter(condition="below_quorum").exists()


def test_no_location_is_refused_and_so_is_a_retired_one(monitor, places):
    other = create_location(name="delhi", now=T0, reason="Test")
    retire_location(other, now=T0, reason="Gone")
    for wrong in ([], [other]):
        with pytest.raises(ValidationError):
            set_locations(monitor, wrong, now=T0, reason="Test")


def test_what_reports_by_itself_is_checked_from_nowhere(monitor, places):
    monitor.kind = "reports by itself"
    with pytest.raises(ValidationError, match="checked from nowhere"):
        set_locations(monitor, places, now=T0, reason="Test")


def test_a_monitor_from_before_locations_were_recorded_gets_its_record_once(shop, places):
    old = builders.monitor("Old", service=shop, now=T0)
    QuerySet(MonitorLocation).filter(monitor=old).delete()
    assert (record_timetables(now=at(5)), record_timetables(now=at(6))) == (1, 0)
    link = MonitorLocation.objects.get(monitor=old)
    assert (link.location.name, link.version, link.created_at) == ("local", 1, at(5))


def test_a_location_in_use_and_our_own_cannot_be_retired(monitor, places):
    with pytest.raises(ValidationError, match="1 monitors are checked from amsterdam"):
        retire_location(places[0], now=T0, reason="Gone")
    with pytest.raises(ValidationError, match="itself checks from local"):
        retire_location(Location.objects.get(name="local"), now=T0, reason="Gone")


# --- failing below quorum -------------------------------------------------------------------------


def failing_alone(monitor, places, until):
    """The second location fails at each slot, the others are well."""
    for second in range(0, until + 1, 60):
        round_of(monitor, places, second, GOOD, BAD, GOOD)


def advisories():
    return list(Signal.objects.filter(condition="below_quorum").order_by("id").values_list("opens", "effective_at"))


def test_a_location_that_fails_alone_for_ten_minutes_is_told_once(monitor, places):
    failing_alone(monitor, places, 540)
    sweep(at(541))
    assert advisories() == []
    round_of(monitor, places, 600, GOOD, BAD, GOOD)
    for _ in range(2):
        sweep(at(601))
    assert advisories() == [(True, at(0))]
    signal = Signal.objects.get(condition="below_quorum")
    assert (signal.severity, signal.urgency) == (3, "low")
    assert signal.reason == (
        "boston has failed for 10 min; it counts as down when 2 of 3 locations fail. Answered 503, expected 200-299."
    )


def test_the_advisory_ends_when_the_location_is_good_again_and_not_when_it_falls_silent(monitor, places):
    failing_alone(monitor, places, 600)
    sweep(at(601))
    for second in (660, 720, 780, 840):
        round_of(monitor, places, second, GOOD, None, GOOD)
    sweep(at(841))
    assert advisories() == [(True, at(0))]
    round_of(monitor, places, 900, GOOD, GOOD, GOOD)
    sweep(at(901))
    assert advisories() == [(True, at(0)), (False, at(900))]


def test_what_a_majority_sees_is_down_and_no_advisory(monitor, places):
    for second in range(0, 661, 60):
        round_of(monitor, places, second, GOOD, BAD, BAD)
    sweep(at(661))
    assert advisories() == []
    assert Signal.objects.get(condition="down").opens


def test_fewer_locations_end_the_advisory(monitor, places):
    failing_alone(monitor, places, 600)
    sweep(at(601))
    set_locations(monitor, [places[0]], now=at(610), reason="boston is being moved")
    assert advisories() == [(True, at(0)), (False, at(610))]


# --- signs of life --------------------------------------------------------------------------------


def test_a_location_is_heard_until_two_intervals_passed_without_a_result(monitor, places):
    life.write(places[0].pk, result_at=at(0))
    (seen,) = places_read(places[:1], now=at(139))
    assert (seen.heard, seen.monitors) == ("heard", 1)
    (seen,) = places_read(places[:1], now=at(141))
    assert seen.heard == "silent"


def test_a_location_that_nothing_is_checked_from_is_idle(monitor, places):
    set_locations(monitor, places[:1], now=at(1), reason="One")
    assert [one.heard for one in places_read(places[1:], now=at(5))] == ["idle", "idle"]


def test_how_the_locations_of_a_monitor_stand(monitor, places):
    round_of(monitor, places, 0, GOOD, BAD, None)
    held = standing_of(monitor, now=at(5))
    assert (held.tally.configured, held.tally.required, held.tally.effective) == (3, 2, 2)
    assert [(one.location.name, one.speaks, one.good) for one in held.said] == [
        ("amsterdam", True, True), ("boston", True, False), ("cairo", False, None),
    ]  # fmt: skip
    later = standing_of(monitor, now=at(131))
    assert (later.tally.effective, later.tally.required) == (0, 2)
