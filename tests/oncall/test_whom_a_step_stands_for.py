"""Teams, turns and hours in escalation policies, and the simulation that asks the engine's own planner."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.models import Entry
from oncall.escalation.plan import Named, Ring, RunView, Who, plan
from oncall.escalation.policy import FrozenPolicy, PolicyError, Step, digest, from_json, parse_steps, to_json
from oncall.escalation.reach import Contact
from oncall.escalation.services import ask_again
from oncall.escalation.simulate import simulate
from oncall.ladders import ladder_of
from oncall.models import Page, Run, StepExecution
from oncall.queries import next_step, people_of_policies, policies_naming
from oncall.rota.problems import ScheduleError
from oncall.services import create_policy
from oncall.services.schedules import retire_schedule
from oncall.uses import uses_of_person
from tests import builders

NIGHT = datetime(2026, 3, 17, 3, tzinfo=UTC)  # a Tuesday
BERLIN = "Europe/Berlin"
OFFICE = {"zone": BERLIN, "days": [0, 1, 2, 3, 4], "starts": "09:00", "ends": "17:00"}
ANA, BEN = "+447700900001", "+447700900002"


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def hours(days=(0, 1, 2, 3, 4), start="09:00", end="17:00"):
    (step,) = parse_steps(
        [{"delay_s": 60, "people": ["usr_a"], "hours": {**OFFICE, "days": list(days), "starts": start, "ends": end}}]
    )
    return step.hours


@pytest.mark.parametrize(
    ("instant", "holds"),
    [
        ("2026-03-17T08:59", False), ("2026-03-17T09:00", True), ("2026-03-17T16:59:59", True), ("2026-03-17T17:00", False),
        ("2026-03-21T12:00", False),
    ],
)  # fmt: skip
def test_hours_begin_with_their_minute_and_end_before_theirs(instant, holds):
    assert hours().hold(at(instant)) is holds


@pytest.mark.parametrize(
    ("instant", "holds"),
    [
        ("2026-03-20T22:00", True), ("2026-03-21T05:59", True), ("2026-03-21T06:00", False), ("2026-03-21T22:00", False),
        ("2026-03-20T05:00", False),
    ],
)  # fmt: skip
def test_hours_over_midnight_belong_to_the_day_on_which_they_began(instant, holds):
    assert hours(days=[4], start="22:00", end="06:00").hold(at(instant)) is holds


def test_hours_follow_the_wall_across_a_clock_change():
    early = hours(days=range(7), start="02:00", end="03:00")
    spring = [datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]
    assert [early.hold(one) for one in spring] == [False, False], "02:00 to 03:00 does not come on that night"
    autumn = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]
    assert [early.hold(one) for one in autumn] == [True, True], "in autumn that stretch is two hours long"
    half = hours(days=[6], start="02:15", end="02:45")
    assert [half.hold(one) for one in autumn] == [True, False], "and what has ended does not begin again"


@pytest.mark.parametrize(
    "broken",
    [
        {}, {"zone": "Mars/Olympus"}, {"days": []}, {"days": [7]}, {"days": [True]}, {"days": "01"}, {"starts": "nine"},
        {"starts": "24:00"}, {"ends": 17}, {"extra": 1}, "always", [1],
    ],
)  # fmt: skip
def test_hours_that_cannot_be_read_are_refused_at_their_step(broken):
    raw = {**OFFICE, **broken} if isinstance(broken, dict) and broken else broken
    with pytest.raises(PolicyError) as caught:
        parse_steps([{"delay_s": 60, "people": ["usr_a"], "hours": raw}])
    assert list(caught.value.problems) == ["steps.0.hours"]


def test_what_is_not_set_leaves_the_hash_of_older_policies_as_it_was():
    plain = FrozenPolicy("pol_x", 3, "x", 1, parse_steps([{"delay_s": 300, "people": ["usr_a"]}]))
    assert to_json(plain)["steps"] == [{"delay_s": 300, "people": ["usr_a"]}]
    full = FrozenPolicy("pol_x", 3, "x", 1, (Step(300, ("tea_a",), True, hours()),))
    assert from_json(to_json(full)) == full
    assert digest(full) != digest(plain)


# --- the planner ----------------------------------------------------------------------------------


def who(*reachable, named=None, rings=("zoe",)):
    contacts = {person: (Contact(f"cht_{person}", "sms"),) for person in (*reachable, *rings)}
    return Who(contacts, (Ring("admins", tuple(rings)),) if rings else (), named=named or {})


def policy(*steps, repeat=0):
    return FrozenPolicy("pol_x", 1, "x", repeat, tuple(steps))


def paged(said):
    return [page.person for page in said.pages]


def test_a_team_is_paged_with_all_its_people_and_each_says_why():
    named = {"tea_a": (Named("ana", "team:tea_a"), Named("ben", "team:tea_a"))}
    said = plan(policy(Step(60, ("tea_a", "ana"))), RunView(1, 1), who("ana", "ben", named=named), NIGHT)
    assert [(to.person, to.why) for to in said.execution.recipients] == [("ana", "team:tea_a"), ("ben", "team:tea_a")]
    assert paged(said) == ["ana", "ben"]


def test_a_team_of_nobody_is_an_empty_step_and_the_catch_all_hears():
    said = plan(policy(Step(60, ("tea_a",))), RunView(1, 1), who(named={"tea_a": ()}), NIGHT)
    assert (said.execution.outcome, said.due_at, said.step) == ("nobody", NIGHT, 2)


def test_turns_go_round_with_the_runs_and_with_each_repeat():
    turns = policy(Step(60, ("ana", "ben", "carla"), round_robin=True), repeat=9)
    directory = who("ana", "ben", "carla")
    by_run = [paged(plan(turns, RunView(1, 1, turn=n), directory, NIGHT)) for n in range(4)]
    assert by_run == [["ana"], ["ben"], ["carla"], ["ana"]]
    assert paged(plan(turns, RunView(2, 1, turn=0), directory, NIGHT)) == ["ben"]


def test_who_cannot_be_reached_is_passed_over_and_named():
    turns = policy(Step(60, ("ana", "ben", "carla"), round_robin=True))
    said = plan(turns, RunView(1, 1, turn=0), who("carla"), NIGHT)
    assert paged(said) == ["carla"]
    assert [(to.person, to.absent) for to in said.execution.recipients] == [
        ("ana", "no_verified_contact"), ("ben", "no_verified_contact"), ("carla", ""),
    ]  # fmt: skip


def test_outside_its_hours_a_step_is_passed_at_once_and_the_next_is_taken():
    chain = policy(Step(300, ("ana",), hours=hours()), Step(300, ("ben",)))
    said = plan(chain, RunView(1, 1), who("ana", "ben"), NIGHT)
    assert (said.execution.outcome, said.execution.reason, said.pages) == ("skipped", "outside_hours", ())
    assert (said.step, said.due_at) == (2, NIGHT)
    assert paged(plan(chain, RunView(1, 1), who("ana", "ben"), at("2026-03-17T10:00"))) == ["ana"]


def test_a_chain_whose_hours_are_all_over_goes_straight_to_the_catch_all():
    chain = policy(*[Step(300, ("ana",), hours=hours())] * 20, repeat=9)
    moments = list(simulate(chain, lambda _: who("ana"), NIGHT))
    assert [(one.execution.outcome, one.execution.reason) for one in moments] == [
        ("skipped", "outside_hours"), ("paged", "catch_all"),
    ]  # fmt: skip
    assert {one.at for one in moments} == {NIGHT}


targets = st.lists(
    st.sampled_from(["ana", "ben", "carla", "tea_a", "tea_b", "gone"]), min_size=1, max_size=4, unique=True
)
steps = st.builds(
    Step,
    st.integers(1, 3600),
    targets.map(tuple),
    st.booleans(),
    st.none() | st.builds(lambda d: hours(days=sorted(d)), st.sets(st.integers(0, 6), min_size=1)),
)  # fmt: skip
teams = st.lists(st.sampled_from(["ana", "ben", "carla", "gone"]), max_size=3, unique=True)


@given(
    st.lists(steps, max_size=4), st.integers(0, 3), st.sets(st.sampled_from(["ana", "ben", "carla"])), teams, teams,
    st.integers(0, 50), st.integers(0, 365 * 1440),
)  # fmt: skip
def test_any_chain_ends_and_pages_only_whom_it_stands_for(chain, repeat, reachable, a, b, turn, begins):
    begins = NIGHT + timedelta(minutes=begins)
    named = {key: tuple(Named(one, f"team:{key}") for one in people) for key, people in (("tea_a", a), ("tea_b", b))}
    directory = who(*sorted(reachable), named=named)
    moments = list(simulate(policy(*chain, repeat=repeat), lambda _: directory, begins, turn=turn))
    assert 1 <= len(moments) <= len(chain) * (repeat + 1) + 1
    assert [one.at for one in moments] == sorted(one.at for one in moments)
    assert moments[-1].execution.reason == "catch_all", "somebody can always be reached here"
    for moment in moments[:-1]:
        step = chain[moment.execution.step - 1]
        stands = {one.person for one in directory.stands_for(step.targets)}
        sent = {to.person for to in moment.execution.recipients if to.reach.lines and to.why != "catch_all:admins"}
        assert sent <= stands & reachable
        if moment.execution.outcome == "skipped":
            assert not step.hours.hold(moment.at)
        elif moment.execution.outcome != "nobody":
            assert sent == stands & reachable or (step.round_robin and len(sent) == 1)


# --- with the database ----------------------------------------------------------------------------


@pytest.fixture
def larkspur(world):
    ana, ben = world.person("Ana Duarte", phone=ANA, mail=False), world.person("Ben Okafor", phone=BEN, mail=False)
    zoe = world.person("Zoe Admin", "admin", mail=True)
    return world, ana, ben, zoe


def made(world, *rows, repeat=0):
    return create_policy(name="Night", team=world.team, repeat=repeat, steps=rows, now=world.now, reason="Test")


def test_what_the_ladder_says_is_what_the_engine_does(larkspur):
    world, ana, ben, _zoe = larkspur
    team = builders.team("Night desk")
    builders.member(team, ana), builders.member(team, ben)
    rule = made(
        world,
        {"delay_s": 60, "people": [ana.public_id], "hours": OFFICE},
        {"delay_s": 120, "people": [team.public_id], "round_robin": True},
        {"delay_s": 180, "people": [team.public_id]},
        repeat=1,
    )
    said = ladder_of(rule, begins=world.now)
    run = world.begin(rule)
    world.advance(minutes=15)
    did = StepExecution.objects.filter(run=run).order_by("pk")
    assert [(one.loop, one.step, one.outcome, one.reason) for one in did] == [
        (one.loop, one.step, one.outcome, one.reason) for one in said
    ]
    assert [[to["person"] for to in one.recipients] for one in did] == [
        [to.person.public_id for to in one.people] for one in said
    ]
    late = [
        (one.executed_at - run.started_at) - timedelta(seconds=rung.after_s)
        for one, rung in zip(did, said, strict=True)
    ]
    assert all(timedelta(0) <= one < timedelta(seconds=2) for one in late)
    for number in (ANA, ANA, BEN, BEN, ANA, BEN):
        world.twilio.expect(number)
    world.smtp.expect("zoe@larkspur.example")


def test_each_run_calls_the_next_in_turn_and_going_on_after_an_answer_keeps_the_turn(larkspur):
    world, ana, ben, _zoe = larkspur
    rule = made(world, {"delay_s": 60, "people": [ana.public_id, ben.public_id], "round_robin": True})
    runs = [world.begin(rule, number=f"INC-2026-000{n}") for n in range(1, 4)]
    assert [run.turn for run in runs] == [0, 1, 2]
    assert next_step("incident", "INC-2026-0002").people == (ben,)


def test_who_joins_or_leaves_a_team_counts_from_the_next_step_on(larkspur):
    world, ana, ben, _zoe = larkspur
    team = builders.team("Night desk")
    first = builders.member(team, ana)
    rule = made(world, {"delay_s": 60, "people": [team.public_id]})
    assert people_of_policies(now=world.now) == {ana.public_id}
    assert policies_naming(ana.public_id, now=world.now) == [rule]
    first.retire(now=world.now, reason="Left")
    builders.member(team, ben)
    (rung, _end) = ladder_of(rule, begins=world.now)
    assert [(one.person, one.through) for one in rung.people] == [(ben, "team Night desk")]


def test_the_last_of_a_team_is_still_used_by_its_policies(larkspur):
    world, ana, _ben, _zoe = larkspur
    team = builders.team("Night desk")
    builders.member(team, ana)
    made(world, {"delay_s": 60, "people": [team.public_id]})
    assert "step 1 would page nobody" in [use.why for use in uses_of_person(ana)]


@pytest.mark.parametrize("stranger", ["tea_0000000000000000", "usr_0000000000000000", "sch_0000000000000000"])
def test_a_target_that_is_not_there_is_refused(larkspur, stranger):
    world, _ana, _ben, _zoe = larkspur
    with pytest.raises(PolicyError, match=f"{stranger} is nobody who can be paged"):
        made(world, {"delay_s": 60, "people": [stranger]})
    assert not Run.objects.exists() and not Page.objects.exists()
    assert not Entry.objects.filter(kind="policy.created").exists()


# --- schedules ------------------------------------------------------------------------------------


@pytest.fixture
def weekly(larkspur):
    """Ana and Ben take weeks from Monday 09:00 in Berlin; on this Tuesday night Ana has hers."""
    world, ana, ben, _zoe = larkspur
    return world, ana, ben, builders.schedule(ana, ben, team=world.team, now=world.now)


def called_at(rule, instant):
    (rung, *_) = ladder_of(rule, begins=instant)
    return [(one.person.name, one.through) for one in rung.people]


def test_a_schedule_stands_for_who_is_on_call_at_the_step_and_for_who_follows(weekly):
    world, ana, ben, schedule = weekly
    rule = made(
        world,
        {"delay_s": 60, "people": [schedule.public_id]},
        {"delay_s": 60, "people": [f"{schedule.public_id}.next"]},
    )
    assert called_at(rule, world.now) == [("Ana Duarte", "schedule Shop")]
    assert called_at(rule, at("2026-03-23T08:59")) == [("Ana Duarte", "schedule Shop")]
    assert called_at(rule, at("2026-03-23T09:00")) == [("Ben Okafor", "schedule Shop")]
    (_first, second, *_end) = ladder_of(rule, begins=world.now)
    assert [one.person for one in second.people] == [ben]
    assert people_of_policies(now=world.now) == {ana.public_id, ben.public_id}


def test_who_has_a_coming_shift_is_among_those_who_must_be_reachable(weekly):
    world, ana, ben, schedule = weekly
    assert people_of_policies(now=world.now) == set()
    made(world, {"delay_s": 60, "people": [schedule.public_id]})
    assert people_of_policies(now=world.now) == {ana.public_id, ben.public_id}, "Ben begins on Monday"


@pytest.mark.usefixtures("no_limits")
def test_a_damaged_policy_keeps_nobody_from_being_asked_again(weekly):
    world, ana, _ben, _schedule = weekly
    run = world.start(made(world, {"delay_s": 60, "people": [ana.public_id]}))
    world.twilio.expect(ANA)
    world.stop("acknowledged", by=ana)
    Run.objects.filter(pk=run.pk).update(policy_frozen={"steps": "gone"})
    again = ask_again(world.subject(), ana, now=world.now)
    assert [step.targets for step in again.frozen.steps] == [(ana.public_id,)]
    world.settle()
    world.twilio.expect(ANA)


def test_a_hand_off_between_two_steps_calls_who_has_it_then(weekly):
    world, _ana, _ben, schedule = weekly
    rule = made(world, *[{"delay_s": 600, "people": [schedule.public_id]}] * 2)
    first, second, *_ = ladder_of(rule, begins=at("2026-03-23T08:55"))
    assert [one.person.name for rung in (first, second) for one in rung.people] == ["Ana Duarte", "Ben Okafor"]


def test_the_engine_pages_who_is_on_call_and_records_by_what(weekly):
    world, ana, ben, schedule = weekly
    change = builders.override(schedule, who=ben, whom=ana, by=ana, starts_in=timedelta(0), now=world.now)
    rule = made(world, {"delay_s": 60, "people": [schedule.public_id]})
    run = world.start(rule)
    world.twilio.expect(BEN)
    (to,) = StepExecution.objects.get(run=run).recipients
    assert (to["person"], to["why"]) == (ben.public_id, f"schedule:{schedule.public_id}:{change.public_id}")


def test_a_schedule_with_nobody_is_an_empty_step_and_the_catch_all_hears(weekly):
    world, _ana, _ben, schedule = weekly
    rule = made(world, {"delay_s": 60, "people": [f"{schedule.public_id}.secondary"]})
    first, *_ = ladder_of(rule, begins=world.now)
    assert (first.outcome, first.people) == ("nobody", ())


def test_a_schedule_that_a_policy_calls_is_not_retired(weekly):
    world, _ana, _ben, schedule = weekly
    made(world, {"delay_s": 60, "people": [f"{schedule.public_id}.next"]})
    with pytest.raises(ScheduleError, match="still called by Night"):
        retire_schedule(schedule, now=world.now, reason="Old")
    schedule.refresh_from_db()
    assert schedule.retired_at is None


@pytest.mark.parametrize("part", [".third", ".", ".next.next"])
def test_a_part_that_no_schedule_has_is_refused(weekly, part):
    world, _ana, _ben, schedule = weekly
    with pytest.raises(PolicyError, match="is nobody who can be paged"):
        made(world, {"delay_s": 60, "people": [f"{schedule.public_id}{part}"]})
    with pytest.raises(PolicyError, match="is nobody who can be paged"):
        made(world, {"delay_s": 60, "people": [f"{world.team.public_id}.next"]})
